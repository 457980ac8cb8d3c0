"""A real server with a campaign's world, and phones in the field that speak to it."""

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page
from sqlalchemy import text as sql_of

from relief.kernel.dates import DateRange
from relief.store.work import reading, unit_of_work
from relief.sync.enrolment import InviteDevice, invite_device
from tests.factories.world import SYSTEM, World
from tests.scan.conftest import open_phone, serve_bundle
from tests.scan.making import PIN, today
from tests.support.serving import LiveServer

PASSWORD = "river goat lamp tin"


@dataclasses.dataclass
class Field:
    """The server with its world, and phones in the field."""

    app: Flask
    server: LiveServer
    world: World
    browser: Browser
    bundle: Path
    contexts: list[BrowserContext] = dataclasses.field(default_factory=list)

    def code(self, label: str) -> str:
        """An invitation."""
        day = dt.timedelta(days=1)
        days = DateRange(today() - day, today() + 5 * day)
        with self.app.app_context(), unit_of_work(self.world.coordinator) as work:
            return invite_device(work, InviteDevice(label, self.world.point_id, days)).code

    def context(self) -> BrowserContext:
        """The browser of one phone, which finds the machinery beside the server's addresses."""
        context = self.browser.new_context()
        context.set_default_timeout(30_000)
        serve_bundle(context, self.bundle, self.server.url)
        self.contexts.append(context)
        return context

    def phone(self, label: str = "Phone 1") -> Page:
        """A phone, enrolled and with a manifest, unlocked for the point's staff."""
        page = open_phone(self.context(), self.server.url)
        page.evaluate("([code, label]) => scan.phone.enrol(code, label)", [self.code(label), "Chrome, Android"])
        email = f"point_staff.{self.world.uc.code}@relief.test".lower()
        page.evaluate(
            "([email, password, pin]) => scan.phone.signInOperator(email, password, pin)", [email, PASSWORD, PIN]
        )
        sync(page)
        return page

    def text(self, number: int) -> str:
        """What the paper of a family says."""
        return self.world.families[number].text

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """What the server has."""
        with self.app.app_context(), reading(SYSTEM) as work:
            return [tuple(row) for row in work.session.execute(sql_of(sql))]

    def kinds(self) -> list[str]:
        """What became of the hand-overs that came in, in order."""
        return [row[0] for row in self.rows("SELECT kind FROM hand_over ORDER BY id")]

    def counters(self) -> list[int]:
        """The phones' counters that came in."""
        return [row[0] for row in self.rows("SELECT counter FROM device_event ORDER BY counter")]


def sync(page: Page) -> dict[str, Any]:
    """Press the button; what the header then says."""
    status: dict[str, Any] = page.evaluate("() => scan.phone.sync.onButton().then(() => scan.phone.sync.status())")
    return status


def give(page: Page, text: str, **fields: Any) -> str:
    """Hand over what is due; the event's id."""
    return str(
        page.evaluate("([text, fields]) => scan.record('hand_over', text, fields).then(({ id }) => id)", [text, fields])
    )


def judged(page: Page, text: str) -> dict[str, Any]:
    card: dict[str, Any] = page.evaluate("text => scan.judge(text)", text)
    return card


def unsent(page: Page) -> int:
    return int(page.evaluate("() => scan.phone.outbox.counts()")["unsent"])


def day(page: Page) -> list[dict[str, Any]]:
    """My day, oldest first."""
    return list(reversed(page.evaluate("() => scan.phone.outbox.ofDay()")))
