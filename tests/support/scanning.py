"""The scan app as its users drive it: a phone is invited, made ready, unlocked, and codes are held before it."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import Flask
from playwright.sync_api import Page, expect

from relief.accounts.model import User
from relief.accounts.passwords import hash_password
from relief.kernel.dates import DateRange, local_day
from relief.store.work import unit_of_work
from relief.sync.enrolment import InviteDevice, invite_device
from tests.factories.people import PASSWORD
from tests.factories.world import SYSTEM, Holder, World, build_world

PIN = "824613"
PHONE = {"width": 360, "height": 640}
APP = "document.querySelector('script[type=module]').src"


@dataclass(frozen=True)
class Point:
    """A distribution point that is open today, with its people, families and server."""

    app: Flask
    world: World
    email: str

    @property
    def families(self) -> list[Holder]:
        """The families of the campaign."""
        return self.world.families

    def invitation(self, label: str = "Phone 1") -> str:
        """The code of an invitation for a new phone."""
        days = DateRange(self.today, self.today + dt.timedelta(days=5))
        with self.app.app_context(), unit_of_work(self.world.coordinator) as work:
            return invite_device(work, InviteDevice(label, self.world.point_id, days)).code

    @property
    def today(self) -> dt.date:
        """The day on which it is open."""
        return local_day(dt.datetime.now(dt.UTC))


def open_point(app: Flask, *, families: int = 5, **campaign: Any) -> Point:
    """Make a campaign that hands over today, by the clock of this machine: that is the clock of the phones, too."""
    today = local_day(dt.datetime.now(dt.UTC))
    with app.app_context():
        world = build_world(families=families, on=today, **campaign)
        with unit_of_work(SYSTEM) as work:
            user = work.session.get(User, int(world.staff.id))
            assert user is not None
            user.password_hash, user.name = hash_password(PASSWORD), "Ayesha Soomro"
            return Point(app, world, user.email)


def make_ready(page: Page, point: Point, label: str = "Phone 1", *, origin: str = "") -> None:
    """Enrol the phone and sign a person in, up to the scan screen."""
    page.goto(f"{origin}/scan#enrol={point.invitation(label)}")
    page.locator("#label").fill(label)
    page.locator("[data-form=enrol] button.main").click()
    page.locator("#email").fill(point.email)
    page.locator("#password").fill(PASSWORD)
    page.locator("#pin").fill(PIN)
    page.locator("#pin-again").fill(PIN)
    page.locator("[data-form=sign-in] button.main").click()
    expect(page.locator("section.scan")).to_be_visible(timeout=30_000)


def unlock(page: Page, pin: str = PIN) -> None:
    """Open a phone that was locked or restarted."""
    page.locator("#pin").fill(pin)
    page.locator("[data-form=unlock] button.main").click()


def type_code(page: Page, digits: str) -> None:
    """Type the code that stands under a token's QR code."""
    page.locator("#typed").fill(digits)
    page.locator("[data-form=typed] button.main").click()


def wedge(page: Page, text: str) -> None:
    """Send a text as a hand scanner does: key after key, and Enter."""
    page.locator("#main").focus()
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def expect_state(page: Page, name: str) -> None:
    """Wait for the full-screen state."""
    expect(page.locator(f".state-{name}")).to_be_visible()


def show_state(page: Page, card: dict[str, Any]) -> None:
    """Show a verdict as the judge would give it."""
    page.evaluate(
        f"card => import({APP}).then(app => {{ app.showState({{kind: 'other', digest: ''}}, card) }})", BLANK | card
    )


BLANK: dict[str, Any] = {
    "refusal": None, "note": None, "campaign": {"number": 1, "name": "Tents and cash", "proof_required": "none"}, "due": None,
    "family": None, "isRest": False, "first": None, "nextOn": None, "otherPoint": None,
}  # fmt: skip
