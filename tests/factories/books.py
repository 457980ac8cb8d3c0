"""A whole response with something of every kind in its books, and browsers of people who look at it."""

import datetime as dt
import hashlib
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from relief.cli.demonstration.response import play_response
from relief.cli.demonstration.script import Play
from relief.config import Settings
from relief.families.amendment import AmendFamily, amend_family
from relief.geography.model import Area
from relief.kernel.actor import Actor
from relief.kernel.dates import DateRange
from relief.kernel.money import Money
from relief.kernel.permissions import Role
from relief.kernel.quantity import Quantity
from relief.ledger.commitments import commit_fund
from relief.ledger.funds import MoveFund, receive_fund, spend_directly
from relief.ledger.reversals import ReverseEntry, reverse_entry
from relief.ledger.rules import Cost
from relief.stock.notes import ReverseNote, TransferGoods, reverse_note, transfer_goods
from relief.store.db import Store
from relief.store.work import Work, unit_of_work
from relief.sync.enrolment import InviteDevice, invite_device
from relief.sync.intake import receive_batch
from relief.sync.wire import b64
from tests.factories.devices import Phone
from tests.factories.outbox import Outbox
from tests.factories.people import add_person, sign_in
from tests.factories.world import new_event
from tests.support.databases import Databases

SYSTEM = Actor.system("tests")
LAST_DAY = dt.date(2022, 9, 26)
AT = dt.datetime(2022, 9, 27, 6, 0, tzinfo=dt.UTC)
PLACE = {"lon": 68.0, "lat": 27.0, "accuracy_m": 8}
PLAY = Play(families=80, seed=1, ending_on=LAST_DAY)


def fill_books(_store: Store) -> None:
    """Play a small response, and post by hand what it leaves out."""
    play_response(PLAY, lambda _label, _parts: lambda _done: None)
    with unit_of_work(SYSTEM, at=AT) as work:
        fund_id = one(work, "SELECT MIN(id) FROM fund")
        receive_fund(work, MoveFund(fund_id, Money.rupees(5_000), LAST_DAY, "Cheque 7", "k1"))
        wrong = receive_fund(work, MoveFund(fund_id, Money.rupees(300), LAST_DAY, "Cheque 8", "k2"))
        reverse_entry(work, ReverseEntry(wrong, "Typed twice", "k3"))
        spend_directly(work, MoveFund(fund_id, Money.rupees(1_250), LAST_DAY, "Boat hire", "k4"))
        places = work.session.execute(
            text("SELECT location_id, item_id FROM stock_on_hand WHERE quantity > 1 ORDER BY location_id, item_id")
        ).all()
        (start, item), end = places[0], next(place for place, _ in places if place != places[0][0])
        for key in ("k5", "k6"):
            lines = ((item, Quantity(1)),)
            sent = transfer_goods(work, TransferGoods(start, end, fund_id, lines, LAST_DAY, "WB 7", key))
        reverse_note(work, ReverseNote(sent, "Sent to the wrong point", "k7"))
        family_id = one(work, "SELECT MIN(id) FROM family")
        for village in ("Goth Sodho", "Goth Ibrahim"):
            amend_family(work, AmendFamily(family_id, {"village": village}, "Moved house"))
        commit_fund(work, fund_id, Cost(Money.rupees(900), Money.rupees(100)), "workshop", "1")
    send_from_a_phone()


def send_from_a_phone() -> None:
    """Let a phone send two scans with a photo each, and two things that are no events."""
    with unit_of_work(SYSTEM, at=AT) as work:
        point_id = one(work, "SELECT MIN(id) FROM point")
        command = InviteDevice("Phone 1", point_id, DateRange(LAST_DAY, LAST_DAY))
        code, seal_key = invite_device(work, command).code, work.keys.seal_public_key()
        staff = SimpleNamespace(id=one(work, "SELECT MIN(user_id) FROM day_staff"))
        number = one(work, f"SELECT number FROM point WHERE id = {point_id}")
    phone = Phone()
    phone.enrol(code, at=AT)
    outbox = Outbox(phone, SimpleNamespace(staff=staff, campaign_number=1), seal_key, clock=AT)
    for photo in (b"one face", b"another"):
        said = {"point": number, "other": "ab" * 32, "photo": hashlib.sha256(photo).hexdigest(), "gps": PLACE}
        outbox.record("scan", {"photo": b64(photo)}, **said)
    spoilt = [replace(envelope, sealed=envelope.sealed[::-1], event_id=new_event()) for envelope in outbox.unsent]
    receive_batch(SYSTEM, outbox.batch([*outbox.unsent, *spoilt]), at=AT)


def one(work: Work, sql: str) -> int:
    """The one number that a query gives."""
    return int(work.session.execute(text(sql)).scalar())


def books_in(folder: Path, databases: Databases, backend: str) -> Settings:
    """Settings of an instance whose database has the books in it; give its database back."""
    settings = Settings(folder / "instance", databases.prepared(backend, "books", fill_books))
    shutil.copytree(databases.keys_path, settings.keys_path)
    return settings


def browser_of(app: Flask, role: Role, area_code: str = "PK7") -> FlaskClient:
    """A browser in which somebody with the role over the area is signed in."""
    client = app.test_client()
    with app.app_context(), unit_of_work(SYSTEM) as work:
        area = work.session.query(Area).filter(Area.code == area_code).one()
        user = add_person(work, role, area)
    sign_in(client, user)
    return client


def status_of(client: FlaskClient, address: str) -> int:
    """The status of a page or file, whose rest is not wanted."""
    with client.get(address) as answer:
        return answer.status_code
