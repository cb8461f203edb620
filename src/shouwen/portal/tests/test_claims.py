"""Under which room something may be filed: only under one that the proven phone lives in, or whose own door was scanned."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.test import Client

from shouwen.estate.models import Occupancy
from shouwen.kernel.journal import bookkeeping
from shouwen.procedures.models import Attachment, Event, Ticket
from shouwen.procedures.tests.test_pictures import exif, jpeg

from .test_residents import LEAK, LI, WANG, leak, page


@pytest.fixture
def visitor(resident, lift):
    """Somebody whose phone is proven and known, for they once reported a broken lamp, and who lives nowhere here."""
    leak(Client(), lift, phone="13900001111", caller="过路人", unit="", place="电梯")
    return resident("13900001111")


def test_a_proven_phone_that_lives_nowhere_here_files_under_nobodys_room(visitor, lift):
    _, ticket = leak(visitor, lift, caller="过路人", unit="3-1-1201", place="厨房")
    assert (ticket.unit_id, ticket.place) == (None, "厨房")
    assert "自述房号：3-1-1201（未核实）" in Event.objects.get(ticket=ticket, kind="noted").text


def test_nor_from_another_ones_door(visitor, door, resident):
    _, ticket = leak(visitor, door, caller="过路人", unit="3-1-1201", content="门口有人闹事")
    assert ticket.unit_id is None and "自述房号：3-1-1201（未核实）" in Event.objects.get(ticket=ticket, kind="noted").text
    assert ticket.number not in page(resident(WANG).get("/r/"))


def test_who_has_moved_out_files_under_no_room(resident, door, clock):
    client = resident(LI)
    with bookkeeping("moved out"):
        Occupancy.objects.filter(person__name=Occupancy.objects.filter(unit__code="3-1-1202").first().person.name).update(ends_on=clock.at.date())
    clock.at = clock.at.replace(day=clock.at.day + 2)
    response = client.post(f"/r/p/{door.code}/repair", LEAK | {"unit": "3-1-1202", "idempotency_key": str(uuid4())})
    found = Ticket.objects.first()
    assert response.status_code == 302 and found is not None and found.unit_id is None


def test_without_messages_a_door_stands_for_its_own_room_and_for_no_other(settings, door):
    settings.SHOUWEN = settings.SHOUWEN | {"SMS": "off"}
    _, ticket = leak(Client(), door, phone="13900001111", unit="3-1-1202")
    assert ticket.place == "3-1-1201"


def test_a_picture_on_the_residents_page_tells_neither_place_nor_device(resident, door):
    from django.core.files.uploadedfile import SimpleUploadedFile

    client, original = resident(WANG), jpeg(exif())
    where, ticket = leak(client, door, photos=[SimpleUploadedFile("a.jpg", original, "image/jpeg")])
    key = Attachment.objects.get(ticket=ticket).key
    for address in (f"{where}/photo/{key}", f"/r/mine/{ticket.pk}/photo/{key}"):
        shown = client.get(address).content
        assert b"secret remark" not in shown and len(shown) < len(original) and shown.startswith(b"\xff\xd8")
