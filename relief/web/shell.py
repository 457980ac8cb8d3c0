"""What surrounds every page: menu, campaign in hand, messages; and what pages add to it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from flask import Flask, current_app, flash, request, session, url_for
from markupsafe import Markup

from relief.audit import queries as audit_queries
from relief.families.queries import FamilyRecord
from relief.kernel.actor import Actor
from relief.kernel.permissions import Permission
from relief.store.work import Work, reading

_LOOK_UP_AGAIN_S = 60

Kind = Literal["success", "info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """A line of the menu, shown to those who were granted any of the permissions; `label` is a msgid."""

    label: str
    endpoint: str
    permissions: Permission | tuple[Permission, ...]
    order: int

    def is_for(self, actor: Actor) -> bool:
        """Return whether the actor may use it."""
        wanted = (self.permissions,) if isinstance(self.permissions, Permission) else self.permissions
        return any(actor.may(permission) for permission in wanted)

    @property
    def url(self) -> str:
        """Where it leads."""
        return url_for(self.endpoint)

    @property
    def is_current(self) -> bool:
        """Whether the page shown belongs to it."""
        own = request.blueprint == self.endpoint.partition(".")[0]
        return bool(request.blueprint) and (own or request.path.startswith(f"{self.url.rstrip('/')}/"))


@dataclass(frozen=True, slots=True)
class HomeFigure:
    """One number that waits for somebody, and the list behind it."""

    label: str
    value: str
    url: str
    hint: str | None = None
    kind: Literal["neutral", "good", "waiting", "bad"] = "neutral"


@dataclass(frozen=True, slots=True)
class HomeSection:
    """A part of the home page: figures under a heading, and what to do next as (label, url)."""

    title: str
    figures: Sequence[HomeFigure] = ()
    next_action: tuple[str, str] | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True)
class HomeBlock:
    """Asks one part of the program what waits for the actor today; shown to those granted any of the permissions."""

    permissions: Permission | tuple[Permission, ...]
    order: int
    section: Callable[[Work, Actor], HomeSection | None]

    def is_for(self, actor: Actor) -> bool:
        """Return whether the actor may see it."""
        wanted = (self.permissions,) if isinstance(self.permissions, Permission) else self.permissions
        return any(actor.may(permission) for permission in wanted)


@dataclass(frozen=True, slots=True)
class FamilyBlock:
    """A part of a family's page that another part of the program fills in; shown to those who may do this over its area."""

    permission: Permission
    order: int
    section: Callable[[Work, FamilyRecord], Markup | None]


@dataclass(slots=True)
class Shell:
    """What the pages of one application added."""

    menu: list[MenuEntry] = field(default_factory=list)
    home_blocks: list[HomeBlock] = field(default_factory=list)
    # Once a demonstration, always one.
    is_demonstration: bool = False
    looked_up_at: float = -math.inf
    family_blocks: list[FamilyBlock] = field(default_factory=list)

    def add(
        self, menu: Iterable[MenuEntry], home_blocks: Iterable[HomeBlock], family_blocks: Iterable[FamilyBlock] = ()
    ) -> None:
        """Take over the entries of one page module, in order."""
        self.menu = sorted([*self.menu, *menu], key=lambda entry: entry.order)
        self.home_blocks = sorted([*self.home_blocks, *home_blocks], key=lambda block: block.order)
        self.family_blocks = sorted([*self.family_blocks, *family_blocks], key=lambda block: block.order)


def install(app: Flask) -> Shell:
    """Give the application an empty shell, and return it."""
    shell = app.extensions["relief.shell"] = Shell()
    return shell


def shell() -> Shell:
    """Return the shell of the application in hand."""
    held = current_app.extensions["relief.shell"]
    assert isinstance(held, Shell)
    return held


def family_sections(work: Work, family: FamilyRecord) -> list[Markup]:
    """Return what the parts of the program add to a family's page for the actor."""
    blocks = [block for block in shell().family_blocks if work.actor.may(block.permission, family.area_path)]
    sections = [block.section(work, family) for block in blocks]
    return [section for section in sections if section is not None]


def is_demonstration() -> bool:
    """Return whether all that is shown is invented; a "no" is looked up again after a minute."""
    held = shell()
    if not held.is_demonstration and time.monotonic() - held.looked_up_at > _LOOK_UP_AGAIN_S:
        with reading(Actor.system("shell")) as work:
            held.is_demonstration = audit_queries.is_demonstration(work)
        held.looked_up_at = time.monotonic()
    return held.is_demonstration


def say(text: str, kind: Kind = "success") -> None:
    """Show a message on the next page; it travels in a cookie, so it names no person and no token."""
    flash(text, kind)


def hold_campaign(campaign_id: int, name: str) -> None:
    """Put a campaign into the hand of this browser: the header names it, and pages begin with it."""
    session["campaign"] = [campaign_id, name]


def campaign_in_hand() -> int | None:
    """Return the id of the campaign in hand."""
    held: Any = session.get("campaign")
    return int(held[0]) if held else None


def campaign_name() -> str | None:
    """Return the name of the campaign in hand, for the header."""
    held: Any = session.get("campaign")
    return str(held[1]) if held else None
