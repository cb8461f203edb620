"""What may be read of people, posts and grants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from shouwen.estate.models import Community
from shouwen.kernel.access import EVERYWHERE, PERMISSIONS, Actor, grants_of
from shouwen.kernel.journal import now
from shouwen.kernel.kept import Kept
from shouwen.kernel.refusals import NotFound
from shouwen.kernel.zone import CHINA

from .models import ApiToken, Assignment, Delegation, Department, Post, Session, Skill, SkillWanted, StaffSkill, TitleMap, Training, User

__all__ = ["actor_for", "departments", "posts", "staff", "user_by_username", "user_id_of"]


@dataclass(frozen=True, slots=True)
class Skills:
    """Who is able to do what in a community, and which work wants what: `held` by user id, `wanted` by the slug of the work."""

    held: Mapping[int, frozenset[str]]
    wanted: Mapping[str, frozenset[str]]

    def lacking(self, work: str, user_id: int) -> frozenset[str]:
        """The skills of which somebody would need one for this work and has none; empty when all is well. C8.08."""
        wanted = self.wanted.get(work, frozenset())
        return frozenset() if wanted & self.held.get(user_id, frozenset()) else wanted


actors: Kept[Actor | None] = Kept(5)
"""Actors by (user id, channel). Actions on people drop them at once here, other processes within five seconds."""
communities_kept: Kept[tuple[Community, ...]] = Kept(5)
"""Every community, for the switcher and for `request.community`."""

skills_kept: Kept[Skills] = Kept(5)
"""Skills by community."""

logins: Kept[Any] = Kept(5)
"""Sessions and API tokens by digest, as the middleware reads them."""


def actor_for(user_id: int, channel: str = "web") -> Actor:
    """The Actor behind an active account, with the grants of the posts held today and of those stood in for.

    Kept up to five seconds in this process. Raises NotFound for an unknown or stopped account.
    """
    actor = actors.get((user_id, channel), lambda: _actor(user_id, channel))
    if actor is None:
        raise NotFound("账号不存在或已停用。请联系系统管理员。")
    return actor


def _actor(user_id: int, channel: str) -> Actor | None:
    user = User.objects.filter(pk=user_id, is_active=True).only("id", "name").first()
    if user is None:
        return None
    at = now()
    duties = list(Delegation.objects.filter(to=user_id, starts_at__lte=at, ends_at__gt=at, ended_at=None))
    today = at.astimezone(CHINA).date()
    held = list(
        Assignment.objects.filter(user__in={user_id, *(d.user_id for d in duties)}, starts_on__lte=today)
        .filter(Q(ends_on=None) | Q(ends_on__gte=today))
        .select_related("post")
    )
    own = sorted((a for a in held if a.user_id == user_id), key=lambda a: (a.community_id is None, -a.post.rank, a.post.slug))
    lent = [
        (a.post, d.community_id or a.community_id)
        for d in duties
        for a in held
        if a.user_id == d.user_id and (None in (d.community_id, a.community_id) or a.community_id == d.community_id)
    ]
    at_work = [(a.post, a.community_id) for a in own] + lent
    homes = [community for _, community in at_work if community]
    return Actor(
        id=user.pk, name=user.name, post=own[0].post.title if own else "", channel=channel,
        grants=grants_of(_pairs(at_work)), community=homes[0] if homes else _first_community(),
        posts=frozenset(post.slug for post, _ in at_work),
    )  # fmt: skip


def _pairs(held: Iterable[tuple[Post, int | None]]) -> Iterable[tuple[str, int]]:
    for post, community in held:
        for permission in post.permissions:
            if permission in PERMISSIONS:  # a permission that a later version dropped grants nothing
                yield permission, community or EVERYWHERE


def _first_community() -> int | None:
    return next((c.pk for c in all_communities()), None)


def all_communities() -> tuple[Community, ...]:
    """Every community, kept a few seconds: for the frame of each page, not for rules."""
    return communities_kept.get("all", lambda: tuple(Community.objects.order_by("id")))


def places_of(actor: Actor) -> tuple[Community, ...]:
    """The communities this person works in: where they hold any permission."""
    held = {place for places in actor.grants.values() for place in places}
    return tuple(c for c in all_communities() if EVERYWHERE in held or c.pk in held)


def staff(actor: Actor, q: str = "") -> QuerySet[User]:
    """Accounts of people who work where the actor may look, and of head office; all accounts for who looks everywhere.

    `q` narrows them to names, initials or user names.
    """
    users = User.objects.order_by("-is_active", "username")
    if q := q.strip()[:60]:
        users = users.filter(Q(name__contains=q) | Q(username__startswith=q.lower()) | Q(initials__startswith=q.lower()))
    places = actor.places("org.view")
    if places is None:
        return users
    if not places:
        return users.none()
    near = Assignment.objects.filter(Q(community__in=places) | Q(community=None)).values("user")
    return users.filter(Q(pk__in=near) | Q(pk=actor.id))


def person(actor: Actor, username: str) -> User:
    """One account, or NotFound."""
    user = staff(actor).filter(username=username).first()
    if user is None:
        raise NotFound
    return user


def person_by_id(user_id: int) -> User:
    """The account behind an actor."""
    return User.objects.get(pk=user_id)


def assignments_of(actor: Actor, user: User) -> QuerySet[Assignment]:
    """The posts of a person as far as the actor may see them, current first."""
    rows = Assignment.objects.filter(user=user).select_related("post", "community", "department")
    places = actor.places("org.view")
    if places is not None and user.pk != actor.id:
        rows = rows.filter(Q(community__in=places) | Q(community=None))
    return rows.order_by("-ends_on", "community_id", "-starts_on")


def delegations(actor: Actor, community_id: int | None = None) -> QuerySet[Delegation]:
    """Leave and delegation where the actor may look (and their own), newest first."""
    rows = Delegation.objects.select_related("user", "to", "community").order_by("-starts_at", "-id")
    places = actor.places("org.view")
    if places is not None:
        near = Assignment.objects.filter(community__in=places).values("user")
        rows = rows.filter(Q(community__in=places) | Q(community=None, user__in=near) | Q(user=actor.id) | Q(to=actor.id))
    if community_id is not None:
        here = Assignment.objects.filter(Q(community=community_id) | Q(community=None)).values("user")
        rows = rows.filter(Q(community=community_id) | Q(community=None, user__in=here))
    return rows


def user_by_username(text: str) -> User | None:
    """The account with this user name, case and surrounding blanks ignored."""
    return User.objects.filter(username=str(text).strip().lower()[:40]).first()


def user_id_of(text: str) -> int | None:
    """The active account meant by a user name, or by a full name that only one person bears."""
    text = str(text).strip()[:60]
    found = User.objects.filter(username=text.lower(), is_active=True).values_list("id", flat=True).first()
    if found is None:
        named = list(User.objects.filter(name=text, is_active=True).values_list("id", flat=True)[:2])
        found = named[0] if len(named) == 1 else None
    return found


def departments(community_id: int) -> list[tuple[str, str]]:
    """(slug, title) of the departments of a community, then those of head office."""
    rows = Department.objects.filter(Q(community=community_id) | Q(community=None)).order_by("community_id", "id")
    ordered = sorted(rows, key=lambda d: (d.community_id is None, d.pk))
    return list({d.slug: (d.slug, d.title) for d in reversed(ordered)}.values())[::-1]


def department_slugs() -> frozenset[str]:
    """Slugs of every department of any community and of head office."""
    return frozenset(Department.objects.values_list("slug", flat=True))


def posts() -> list[Post]:
    """Every post, highest rank first."""
    return list(Post.objects.order_by("-rank", "slug"))


def titles(actor: Actor, community_id: int) -> QuerySet[TitleMap]:
    """The role map as it applies in a community: its own lines and those for everywhere."""
    if not actor.may("org.view", community_id):
        raise NotFound
    rows = TitleMap.objects.filter(Q(community=community_id) | Q(community=None))
    return rows.select_related("post", "community").order_by("title", "community_id")


def post_for_title(title: str, community_id: int) -> Post | None:
    """The post that a title in an SOP means in this community: its own line, else the line for everywhere."""
    lines = TitleMap.objects.filter(Q(community=community_id) | Q(community=None), title=title.strip()).select_related("post")
    found = sorted(lines, key=lambda line: line.community_id is None)
    return found[0].post if found else Post.objects.filter(title=title.strip()).first()


def holders_of(permission: str, community_id: int) -> list[int]:
    """Who may do something in a community by a post held today, here or at head office."""
    today = now().astimezone(CHINA).date()
    held = Assignment.objects.filter(Q(community=community_id) | Q(community=None), user__is_active=True, starts_on__lte=today)
    rows = held.filter(Q(ends_on=None) | Q(ends_on__gte=today)).values_list("user", "post__permissions")
    return list(dict.fromkeys(user for user, permissions in rows if permission in permissions))


def reaches(user_id: int, post: str, community_id: int) -> bool:
    """「X 级以上」: whether somebody holds, here or at head office, a post of at least this post's rank."""
    floor = Post.objects.filter(slug=post).values_list("rank", flat=True).first()
    if floor is None:
        return False
    today = now().astimezone(CHINA).date()
    held = Assignment.objects.filter(user=user_id, user__is_active=True, starts_on__lte=today, post__rank__gte=floor)
    return held.filter(Q(ends_on=None) | Q(ends_on__gte=today), Q(community=community_id) | Q(community=None)).exists()


def skills(community_id: int) -> Skills:
    """Skills of a community's people, kept a few seconds. Two statements."""
    return skills_kept.get(community_id, lambda: _skills(community_id))


def _skills(community_id: int) -> Skills:
    held: dict[int, set[str]] = {}
    for user_id, title in StaffSkill.objects.filter(skill__community=community_id).values_list("user", "skill__title"):
        held.setdefault(user_id, set()).add(title)
    wanted: dict[str, set[str]] = {}
    for work, title in SkillWanted.objects.filter(community=community_id).values_list("work", "skill__title"):
        wanted.setdefault(work, set()).add(title)
    return Skills({k: frozenset(v) for k, v in held.items()}, {k: frozenset(v) for k, v in wanted.items()})


def skill_list(actor: Actor, community_id: int) -> QuerySet[Skill]:
    """The skills of a community's list."""
    if not actor.may("org.view", community_id):
        raise NotFound
    return Skill.objects.filter(community=community_id).order_by("title")


def skills_of(actor: Actor, user: User) -> list[Skill]:
    """The skills of a person in the communities where the actor may look."""
    places = actor.places("org.view")
    rows = Skill.objects.filter(holders__user=user).order_by("title")
    return list(rows if places is None else rows.filter(community__in=places))


def trainings(actor: Actor, user: User) -> QuerySet[Training]:
    """The trainings of somebody whom the actor may see, the latest first."""
    return Training.objects.filter(user=person(actor, user.username)).order_by("-held_on", "-id")


def sessions(actor: Actor) -> QuerySet[Session]:
    """The actor's own logins that are still good."""
    return Session.objects.filter(user=actor.id, ended_at=None, epoch=F("user__epoch")).order_by("-seen_at")


def tokens(actor: Actor) -> QuerySet[ApiToken]:
    """API tokens: one's own; all of them for who manages tokens everywhere."""
    rows = ApiToken.objects.select_related("user").order_by("-created_at")
    return rows if actor.may("api.tokens", None) else rows.filter(user=actor.id)


def tokens_made_in(actor: Actor) -> int | None:
    """Where the actor makes and ends tokens: everywhere (None), or the first community in which they may (None if there is none)."""
    places = actor.places("api.tokens")
    return min(places) if places else None


def name_of(user_id: int) -> str:
    """The name of an account, or 「该同事」 when there is none."""
    return User.objects.filter(pk=user_id).values_list("name", flat=True).first() or "该同事"


def username_of(user_id: int) -> str:
    """The user name of an account, or "" when there is none."""
    return User.objects.filter(pk=user_id).values_list("username", flat=True).first() or ""
