"""The public page of a token, on any phone: genuine or not, what for, where to complain; to its holder, whether it is used."""

import datetime as dt
import logging
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from sqlalchemy import update

from relief.accounts.model import User
from relief.app import create_app
from relief.distributions.desk import DeskHandOver, hand_over_at_desk
from relief.entitlements.model import CampaignKey, Token
from relief.entitlements.revoking import ReplaceToken, RevokeToken, replace_token, revoke_token
from relief.entitlements.rules import OF_ONE_TOKEN, KeyState
from relief.kernel.codes import TokenCode
from relief.kernel.dates import local_day
from relief.papers import rt1
from relief.programmes.model import Campaign
from relief.programmes.rules import CampaignState
from relief.store.db import Model, store
from relief.store.work import reading, unit_of_work
from tests.distributions.test_hand_overs import NO_PROOF
from tests.factories.people import sign_in
from tests.factories.world import SYSTEM, Holder, World, build_world, new_event
from tests.support.axe import barriers_on

PHONE = {"width": 360, "height": 740}
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What nobody may learn here: whether it is used, and whose it is.
USE = re.compile(r"Not used|Used", re.ASCII)


@pytest.fixture
def world(app: Flask) -> World:
    """Five families entitled to PKR 12,500 and two tents, today; the last has no CNIC."""
    with app.app_context():
        return build_world(families=5, on=local_day(dt.datetime.now(dt.UTC)))


def digits(holder: Holder) -> str:
    """What stands in the address that the QR code holds."""
    return rt1.to_url_text(rt1.parse_text(holder.text), "relief.example.org").rpartition("/")[2]


def last_four(holder: Holder) -> str:
    assert holder.cnic is not None
    return holder.cnic.last_four


def answered(client: FlaskClient, holder: Holder, answer: str):
    return client.post("/V/", data={"text": holder.text, "answer": answer})


def give(app: Flask, world: World, holder: Holder, given: dict[int, int] | None = None) -> None:
    with app.app_context(), unit_of_work(world.staff) as work:
        hand_over_at_desk(work, DeskHandOver(new_event(), world.day_id, holder.text, NO_PROOF, given))


# --- What anybody learns ---


def test_a_token_is_genuine_and_says_what_it_is_for(client: FlaskClient, world: World):
    page = client.get(f"/V/{digits(world.families[0])}")
    assert page.status_code == 200
    for words in ("This token is genuine", "Tents and cash", "PKR 12,500", "Tent", "School", "0800-00000"):
        assert words in page.text
    assert local_day(dt.datetime.now(dt.UTC)).strftime("%-d %b") in page.text, "the day of the distribution"


@pytest.mark.parametrize("used", [False, True])
def test_it_says_neither_whose_it_is_nor_whether_it_is_used(app: Flask, client: FlaskClient, world: World, used: bool):
    holder = world.families[0]
    if used:
        give(app, world, holder)
    pages = client.get(f"/V/{digits(holder)}").text, client.post("/V/", data={"text": holder.text}).text
    for page in pages:
        assert not USE.search(page)
        assert "Head " not in page
        assert holder.family_code not in page
        assert last_four(holder) not in page.replace(holder.text, "").replace(digits(holder), "")
        assert holder.code.grouped() not in page


def test_used_and_unused_look_the_same(app: Flask, client: FlaskClient, world: World):
    def look() -> str:
        # The token of the form tells the second in which it was made.
        return re.sub(r'name="csrf_token" value="[^"]+"', "", client.get(f"/V/{digits(world.families[0])}").text)

    before = look()
    give(app, world, world.families[0])
    assert look() == before


def test_a_look_changes_nothing(app: Flask, client: FlaskClient, world: World):
    def rows() -> list[object]:
        with app.app_context(), store().engine.connect() as connection:
            return [connection.execute(table.select()).all() for table in Model.metadata.sorted_tables]

    before = rows()
    client.get(f"/V/{digits(world.families[0])}")
    client.head(f"/V/{digits(world.families[0])}")
    client.get("/V/")
    client.post("/V/", data={"text": world.families[0].text})
    assert rows() == before


def test_the_compact_text_and_both_spellings_of_an_address_are_taken(client: FlaskClient, world: World):
    holder = world.families[0]
    address = f"HTTPS://ANY.EXAMPLE/V/{digits(holder)}"
    for text in (holder.text, address, address.lower(), f"  {holder.text}\n"):
        page = client.post("/V/", data={"text": text})
        assert (page.status_code, "This token is genuine" in page.text) == (200, True)


def test_a_forged_token_is_not_genuine_and_promises_nothing(client: FlaskClient, world: World):
    text = digits(world.families[0])
    page = client.get(f"/V/{int(text) ^ 1:0191d}")
    assert "This token is not genuine" in page.text
    for words in ("PKR 12,500", "Tents and cash", "School", "Is it used"):
        assert words not in page.text


@pytest.mark.parametrize("length", [30, 120, 190, 192, 400])
def test_a_cut_address_says_so(client: FlaskClient, world: World, length: int):
    page = client.get(f"/V/{(digits(world.families[0]) * 3)[:length]}")
    assert page.status_code == 400
    assert "This address was cut" in page.text


@pytest.mark.parametrize(
    "text", ["1", "abc", "<script>alert(1)</script>", "../../etc", "%00", "R1:ABC", "١" * 20, "9" * 2000]
)
def test_what_is_no_token_is_not_ours(client: FlaskClient, text: str):
    page = client.get(f"/V/{text}")
    assert page.status_code == 404
    assert "<script>alert" not in page.text


def revoked(world: World, work) -> None:
    revoke_token(work, RevokeToken(world.families[0].token_id, "sold"))


def replaced(world: World, work) -> None:
    replace_token(work, ReplaceToken(world.families[0].token_id, "lost"))


def key_revoked(world: World, work) -> None:
    work.session.execute(update(CampaignKey).values(state=KeyState.REVOKED))


def forgotten(world: World, work) -> None:
    work.session.execute(update(Token).where(Token.id == world.families[0].token_id).values(reissue=7))


@pytest.mark.parametrize(
    ("change", "title", "may_be_checked"),
    [
        (revoked, "This paper was withdrawn", True),
        (replaced, "This paper was replaced by a newer one", True),
        (key_revoked, "This paper can no longer be trusted", False),
        (forgotten, "This token is not on record here", False),
    ],
)
def test_each_fate_of_a_paper_has_its_words(client: FlaskClient, world: World, change, title, may_be_checked):
    with client.application.app_context(), unit_of_work(world.coordinator) as work:
        change(world, work)
    page = client.get(f"/V/{digits(world.families[0])}").text
    assert title in page
    assert "0800-00000" in page, "where to complain"
    assert "PKR 12,500" not in page, "a paper that does not hold promises nothing"
    assert ("Is it used already?" in page) is may_be_checked


def test_an_expired_token_and_a_closed_campaign_say_so(app: Flask, client: FlaskClient):
    with app.app_context():
        world = build_world(on=dt.date(2022, 9, 20))
        with unit_of_work(SYSTEM) as work:
            work.session.execute(update(Campaign).values(state=CampaignState.CLOSED))
    page = client.get(f"/V/{digits(world.families[0])}").text
    assert "This token is genuine, but it has expired" in page
    assert "This campaign is over." in page
    assert "31 Dec 2022" in page


# --- What the holder learns ---


def test_the_holder_learns_whether_it_is_used(app: Flask, client: FlaskClient, world: World):
    holder = world.families[0]
    assert "Not used: nothing has been handed over yet." in answered(client, holder, last_four(holder)).text
    give(app, world, holder, {1: 1_250_000, 2: 1})
    assert "Used in part" in answered(client, holder, holder.code.grouped()).text
    give(app, world, holder)
    page = answered(client, holder, last_four(holder)).text
    assert "Used: all of it was handed over" in page
    assert "School" in page


def test_the_typed_code_alone_opens_the_page(app: Flask, client: FlaskClient, world: World):
    holder = world.families[4]
    give(app, world, holder)
    page = client.post("/V/", data={"text": holder.code.grouped()})
    assert page.status_code == 200
    assert "Used: all of it was handed over" in page.text
    assert "PKR 12,500" in page.text


def test_who_is_not_the_holder_learns_nothing(app: Flask, client: FlaskClient, world: World):
    give(app, world, world.families[0])
    for holder, answer in ((world.families[0], "9999"), (world.families[4], "0000")):
        page = answered(client, holder, answer)
        assert page.status_code == 400
        assert "These digits do not belong to this token." in page.text
        assert not USE.search(page.text)


@pytest.mark.parametrize(("typed", "words"), [
    (TokenCode.of(1).grouped(), "No token is known under this code."),
    ("1234 5678 9012", "A digit of this code is wrong."),
    ("1234", "12 digits"),
    ("R1:ABC", "was not read whole"),
    ("hello", "This is not a relief token."),
    ("", "This is missing."),
])  # fmt: skip
def test_a_bad_entry_comes_back_with_what_to_mend(client: FlaskClient, world: World, typed: str, words: str):
    page = client.post("/V/", data={"text": typed})
    assert page.status_code == 400
    assert words in page.text


def test_guessing_is_slowed_down_and_a_restart_does_not_help(app: Flask, client: FlaskClient, world: World, settings):
    holder = world.families[0]
    for _guess in range(OF_ONE_TOKEN.free):
        answered(client, holder, "9999")
    restarted = create_app(settings)
    restarted.config["WTF_CSRF_ENABLED"] = False
    for browser in (client, restarted.test_client()):
        page = answered(browser, holder, last_four(holder))
        assert page.status_code == 429
        assert "Too many answers were wrong. Wait 1 min" in page.text
        assert not USE.search(page.text)
    restarted.extensions["relief.store"].close()


# --- A secret ---


def test_the_page_leaves_no_copy_of_the_token(client: FlaskClient, world: World, caplog: pytest.LogCaptureFixture):
    holder = world.families[0]
    with caplog.at_level(logging.DEBUG):
        answers = [
            client.get(f"/V/{digits(holder)}"), client.get(f"/V/{digits(holder)[:80]}"), client.get("/V/"),
            client.post("/V/", data={"text": holder.text}), answered(client, holder, "9999"),
        ]  # fmt: skip
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
        assert '<meta name="robots" content="noindex">' in answer.text
        assert holder.text not in str(answer.headers)
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', answer.text), "no third party"
    assert digits(holder)[:40] not in caplog.text
    assert holder.text[:40] not in caplog.text


def test_after_an_answer_the_address_no_longer_holds_the_token(client: FlaskClient, world: World):
    page = answered(client, world.families[0], last_four(world.families[0])).text
    links = re.findall(r'href="([^"]+)"', page)
    assert [link for link in links if digits(world.families[0])[:40] in link] == []
    assert "/V/?lang=ur" in links


def test_the_page_carries_nobody_elses_session(app: Flask, client: FlaskClient, world: World):
    """A coordinator who opens the page sees what everybody sees."""
    with app.app_context(), reading(SYSTEM) as work:
        sign_in(client, work.session.get_one(User, int(world.coordinator.id)))
    page = client.get(f"/V/{digits(world.families[0])}").text
    assert "Head " not in page.partition("<main")[2]


# --- In a browser ---


@pytest.mark.parametrize("language", ["en", "ur", "sd"])
def test_it_reads_on_a_small_phone_in_each_language(page: Page, world: World, language: str):
    page.set_viewport_size(PHONE)
    page.goto(f"/V/{digits(world.families[0])}?lang={language}")
    assert page.evaluate(OVERFLOW) == 0
    assert barriers_on(page) == []
    assert page.locator("html").get_attribute("dir") == ("ltr" if language == "en" else "rtl")
    english = "This token is genuine"
    assert (page.locator("h1").inner_text() == english) is (language == "en")
    page.locator("[name=answer]").fill(last_four(world.families[0]))
    page.locator("main button[type=submit]").click()
    expect(page.locator("main .message")).to_have_count(2)
    assert page.url.endswith("/V/")
    assert barriers_on(page) == []


def test_the_language_is_changed_without_leaving_the_token(page: Page, world: World):
    page.goto(f"/V/{digits(world.families[0])}")
    page.get_by_role("link", name="اردو").click()
    expect(page.locator("html")).to_have_attribute("lang", "ur")
    assert digits(world.families[0]) in page.url
    expect(page.locator("bdi", has_text="0800-00000")).to_be_visible()


@pytest.mark.parametrize("language", ["en", "ur"])
def test_the_code_is_typed_on_a_small_phone(page: Page, world: World, language: str):
    page.set_viewport_size(PHONE)
    page.goto(f"/V/?lang={language}")
    assert page.evaluate(OVERFLOW) == 0
    assert barriers_on(page) == []
    page.locator("[name=text]").fill(world.families[0].code.grouped())
    page.locator("main button[type=submit]").click()
    expect(page.locator("main .message")).to_have_count(2)
