"""People outside the company: who they are, where they live, how they are reached."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import IntegrityError

from shouwen.kernel.access import Actor
from shouwen.kernel.journal import Done, action
from shouwen.kernel.models import PrivateFact
from shouwen.kernel.refusals import Conflict, Refused
from shouwen.kernel.words import clean_text

from .. import private, terms
from ..checks import DETAILS, check_day, check_id, check_phone, check_rent, choices, no
from ..models import Community, Occupancy, Person, PersonPrivate, Reveal, SearchTerm, Unit, Vehicle
from ..names import initials
from .places import same_community


@action("estate.person_added", may="estate.edit", says="登记住户 {name}")
def add_person(
    actor: Actor, community: Community, /, *, name: str, phone: str = "", id_number: str = "", at: datetime | None = None,
    **details: str,
) -> Done:
    """Somebody new. The phone is kept as typed, encrypted; the journal knows only the masked name."""
    person = Person(community=community, **_name(name), **_details(details))
    values = {"phone": check_phone(phone), "id_number": check_id(id_number)}
    _mask(person, values)
    person.save(force_insert=True)
    PersonPrivate.objects.create(
        person=person, sealed=private.seal(values), phone_digest=private.phone_digest(values["phone"])
    )
    terms.file_people([person])
    return Done(person, {"name": private.mask_name(person.name), "phone": person.phone_masked})


@action("estate.person_edited", may="estate.edit", says="修改住户 {name} 的资料：{changes}")
def edit_person(actor: Actor, person: Person, /, *, name: str | None = None, at: datetime | None = None, **details: str) -> Done:
    """Change the name or the details. Old and new values are kept, sealed, beside the journal line (D2.79)."""
    _still_there(person)
    values: dict[str, str] = _details(details) | (_name(name) if name is not None else {})
    changed = {field: value for field, value in values.items() if getattr(person, field) != value}
    if not changed:
        raise Refused("没有任何改动，无需保存。")
    labels = [str(person._meta.get_field(field).verbose_name) for field in changed if field != "initials"]
    kept = {f"before.{field}": getattr(person, field) for field in changed} | {f"after.{field}": changed[field] for field in changed}
    for field, value in changed.items():
        setattr(person, field, value)
    person.save(update_fields=list(changed))
    if "name" in changed:
        _file_again(person)
    return Done(person, {"name": private.mask_name(person.name), "changes": "、".join(labels)}, kept)


@action("estate.phone_changed", may="estate.edit", says="更换住户 {name} 的电话：{before_masked}→{after_masked}")
def change_phone(actor: Actor, person: Person, /, *, phone: str, at: datetime | None = None) -> Done:
    return _change(person, "phone", check_phone(phone))


@action("estate.paper_corrected", may="estate.edit", says="更正住户 {name} 的证件号码：{before_masked}→{after_masked}")
def correct_paper(actor: Actor, person: Person, /, *, id_number: str, at: datetime | None = None) -> Done:
    return _change(person, "id_number", check_id(id_number))


def _change(person: Person, field: str, value: str) -> Done:
    """Replace one sealed value; the old one stays sealed beside the journal line (D2.79)."""
    _still_there(person)
    held = PersonPrivate.objects.select_for_update().get(person=person)
    values = private.unseal(held.sealed)
    before = values.get(field, "")
    if before == value:
        raise Refused("新号码与登记的相同，无需更换。", {field: "与登记的相同"})
    values[field] = value
    held.sealed = private.seal(values)
    held.phone_digest = private.phone_digest(values.get("phone", ""))
    held.save(update_fields=["sealed", "phone_digest"])
    masked = "phone_masked" if field == "phone" else "id_masked"
    old_mask = getattr(person, masked)
    _mask(person, values)
    person.save(update_fields=["phone_tail", "phone_masked", "id_masked"])
    if field == "phone":
        _file_again(person)
    facts = {"name": private.mask_name(person.name), "before_masked": old_mask or "空", "after_masked": getattr(person, masked) or "空"}
    return Done(person, facts, {"before": before, "after": value})


@action("estate.moved_in", may="estate.edit", says="{unit} 登记{kind} {name}，自 {starts_on} 起")
def move_in(
    actor: Actor, unit: Unit, /, *, person: Person, kind: str, starts_on: date, relation: str = "", rent: Decimal | None = None,
    at: datetime | None = None,
) -> Done:
    """From `starts_on` this person owns, rents or lives in the unit. An empty unit becomes 入住. D3.93–D3.96."""
    same_community(unit.community_id, person)
    _still_there(person)
    if kind not in Occupancy.Kind.values:
        raise no("kind", f"身份只能是{choices(Occupancy.Kind)}。")
    check_day("starts_on", "开始日期", starts_on)
    check_rent(kind, rent)
    name = private.mask_name(person.name)
    if Occupancy.objects.filter(unit=unit, person=person, kind=kind, ends_on=None).exists():
        raise Conflict(f"{name} 已是 {unit.code} 的{Occupancy.Kind(kind).label}，无需重复登记。")
    occupancy = Occupancy(
        community_id=unit.community_id, unit=unit, person=person, kind=kind, starts_on=starts_on, rent=rent,
        relation=clean_text(relation, "与户主关系", 20, field="relation"),
    )
    try:
        occupancy.save(force_insert=True)
    except IntegrityError:
        raise Conflict(f"{name} 刚被登记为 {unit.code} 的{occupancy.get_kind_display()}，请刷新后核对。") from None
    if unit.state in (Unit.State.VACANT, Unit.State.UNDELIVERED):
        unit.state = Unit.State.OCCUPIED
        unit.save(update_fields=["state"])
    facts = {"unit": unit.code, "kind": occupancy.get_kind_display(), "name": name, "starts_on": starts_on.isoformat()}
    return Done(unit, facts, result=occupancy)


@action("estate.moved_out", may="estate.edit", says="{unit} 的{kind} {name} 于 {ends_on} 迁出")
def move_out(actor: Actor, occupancy: Occupancy, /, *, ends_on: date, at: datetime | None = None) -> Done:
    """The last day. The row stays, so former owners and tenants are known with their dates (D3.94)."""
    check_day("ends_on", "结束日期", ends_on)
    if ends_on < occupancy.starts_on:
        raise no("ends_on", f"结束日期不能早于开始日期 {occupancy.starts_on:%Y-%m-%d}。")
    if not Occupancy.objects.filter(pk=occupancy.pk, ends_on=None).update(ends_on=ends_on):
        raise Conflict("这条居住关系已经结束，请刷新后核对。")
    occupancy.ends_on = ends_on
    unit = occupancy.unit
    if unit.state == Unit.State.OCCUPIED and not Occupancy.objects.filter(unit=unit, ends_on=None).exists():
        unit.state = Unit.State.VACANT
        unit.save(update_fields=["state"])
    facts = {
        "unit": unit.code, "kind": occupancy.get_kind_display(), "name": private.mask_name(occupancy.person.name),
        "ends_on": ends_on.isoformat(),
    }
    return Done(unit, facts, result=occupancy)


@action("estate.file_viewed", may="estate.view", says="查看 {unit} 的业户档案")
def view_file(actor: Actor, unit: Unit, /, *, at: datetime | None = None) -> Done:
    """Each look at an owner's file stands in the journal with user and time (D2.18, D7.09)."""
    return Done(unit, {"unit": unit.code})


@action("estate.person_viewed", may="estate.view", says="查看住户 {name} 的资料")
def view_person(actor: Actor, person: Person, /, *, at: datetime | None = None) -> Done:
    return Done(person, {"name": private.mask_name(person.name)})


@action("estate.person_erased", may="estate.edit", says="应本人要求注销住户资料：{reason}")
def erase_person(actor: Actor, person: Person, /, *, reason: str, at: datetime) -> Done:
    """Destroy everything by which this person can be known: sealed values, spellings, sealed facts of the journal.

    The person's number and past occupancies stay as an empty husk, so that history keeps its shape.
    """
    _still_there(person)
    why = clean_text(reason, "注销理由", 200, field="reason")
    if len(why) < 4:
        raise no("reason", "请写明注销理由（至少 4 个字）。")
    if Occupancy.objects.filter(person=person, ends_on=None).exists():
        raise Refused("此人仍有有效的居住关系，请先办理迁出再注销资料。")
    PersonPrivate.objects.filter(person=person).delete()
    SearchTerm.objects.filter(person=person).delete()
    Vehicle.objects.filter(person=person).update(person=None)
    Reveal.objects.filter(person=person).exclude(state=Reveal.State.SHOWN).update(state=Reveal.State.DENIED)
    PrivateFact.objects.filter(entry__subject=f"estate.person:{person.pk}").delete()
    blank = dict.fromkeys(("initials", "phone_tail", "phone_masked", "id_masked", *DETAILS), "")
    Person.objects.filter(pk=person.pk).update(name="已注销", erased_at=at, **blank)
    person.refresh_from_db()
    return Done(person, {"reason": why})


def _name(name: str) -> dict[str, str]:
    cleaned = clean_text(name, "姓名", 60, field="name")
    if not cleaned:
        raise no("name", "请填写姓名。")
    return {"name": cleaned, "initials": initials(cleaned)}


def _details(details: dict[str, str]) -> dict[str, str]:
    return {
        field: clean_text(text, str(Person._meta.get_field(field).verbose_name), DETAILS[field], field=field)
        for field, text in details.items()
    }


def _mask(person: Person, values: dict[str, str]) -> None:
    person.phone_masked = private.mask_phone(values.get("phone", ""))
    person.phone_tail = private.phone_tail(values.get("phone", ""))
    person.id_masked = private.mask_id(values.get("id_number", ""))


def _still_there(person: Person) -> None:
    if person.erased_at is not None:
        raise Refused("此人的资料已应要求注销，不能再修改或使用。")


def _file_again(person: Person) -> None:
    SearchTerm.objects.filter(person=person).delete()
    terms.file_people([person])
