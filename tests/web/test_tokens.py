"""Tokens as staff see them: the family's page, the QR code, revoking, replacing, and sheets to print."""

import datetime as dt
import io
import re
import zipfile

import pypdfium2 as pdfium
import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select

from relief.accounts.model import User
from relief.audit.model import AuditEntry
from relief.config import Settings
from relief.entitlements.token_queries import TokenRow, tokens_of_family
from relief.kernel.dates import local_day
from relief.kernel.permissions import Role
from relief.papers.rt1 import parse_text
from relief.store.work import reading, unit_of_work
from relief.web import sheets
from tests.factories.people import PASSWORD, add_person, sign_in
from tests.factories.world import SYSTEM, World, add_family, build_world
from tests.support.axe import barriers_on

PHONE = {"width": 360, "height": 740}
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
HOST = "relief.example.org"


@pytest.fixture
def settings(database_url: str, tmp_path) -> Settings:
    """An instance that phones reach."""
    return Settings(instance_path=tmp_path / "instance", database_url=database_url, public_address=HOST)


@pytest.fixture
def world(app: Flask) -> World:
    """Three families entitled to PKR 12,500 and two tents, today."""
    with app.app_context():
        return build_world(families=3, on=local_day(dt.datetime.now(dt.UTC)))


@pytest.fixture
def coordinator(app: Flask, client: FlaskClient, world: World) -> FlaskClient:
    """The browser of the district's coordinator."""
    return signed_in_as(app, client, int(world.coordinator.id))


def signed_in_as(app: Flask, client: FlaskClient, user_id: int) -> FlaskClient:
    with app.app_context(), reading(SYSTEM) as work:
        user = work.session.get_one(User, user_id)
    sign_in(client, user)
    return client


def someone(app: Flask, world: World, role: Role) -> FlaskClient:
    """The browser of somebody with the role over the district."""
    with app.app_context(), unit_of_work(SYSTEM) as work:
        user = add_person(work, role, world.district)
    return signed_in_as(app, app.test_client(), user.id)


def deeds(app: Flask) -> list[str]:
    with app.app_context(), reading(SYSTEM) as work:
        return list(work.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def tokens_of(app: Flask, family_id: int) -> list[TokenRow]:
    with app.app_context(), reading(SYSTEM) as work:
        return tokens_of_family(work, family_id)


def codes_in(picture: Image.Image) -> list[str]:
    return [code.text for code in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)]


def codes_of_pdf(pdf: bytes) -> list[str]:
    pages = pdfium.PdfDocument(pdf)
    return [code for page in pages for code in codes_in(page.render(scale=150 / 72).to_pil())]


# --- On the family's page ---


def test_the_familys_page_shows_its_tokens_and_no_secret(coordinator: FlaskClient, world: World):
    holder = world.families[0]
    page = coordinator.get(f"/families/{holder.family_id}").text
    for words in ("Tents and cash", "School", "Valid", "Revoke this token", "Replace this token", "Show the QR code"):
        assert words in page
    assert holder.code.grouped() not in page
    assert 'class="qr"' not in page


def test_the_familys_page_shows_its_hand_overs(coordinator: FlaskClient, world: World):
    page = coordinator.get(f"/families/{world.families[0].family_id}").text
    assert "Nothing was handed over to this family yet." in page


@pytest.mark.parametrize("is_script", [True, False])
def test_the_qr_code_is_shown_on_demand_and_on_record(
    app: Flask, coordinator: FlaskClient, world: World, is_script: bool
):
    headers = {"HX-Request": "true"} if is_script else {}
    answer = coordinator.post(f"/tokens/{world.families[0].token_id}/code", headers=headers)
    assert ("<html" in answer.text) is not is_script
    assert 'class="qr"' in answer.text
    assert world.families[0].code.grouped() in answer.text
    assert deeds(app) == ["token.shown"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_an_auditor_sees_tokens_and_does_nothing_with_them(app: Flask, world: World):
    auditor = someone(app, world, Role.AUDITOR)
    token_id = world.families[0].token_id
    page = auditor.get(f"/tokens/{token_id}").text
    assert "Valid" in page
    for words in ("Show the QR code", "Revoke this token", "Print this paper"):
        assert words not in page
    for deed in ("code", "sheet", "revoke", "replace"):
        assert auditor.post(f"/tokens/{token_id}/{deed}", data={"reason": "x", "language": "sd"}).status_code == 403
    assert auditor.get("/sheets/").status_code == 403


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.REGISTRAR, Role.POINT_STAFF, Role.FINANCE])
def test_others_see_no_token(app: Flask, world: World, role: Role):
    browser = someone(app, world, role)
    assert browser.get(f"/tokens/{world.families[0].token_id}").status_code == 403
    assert browser.get(f"/sheets/{world.campaign_id}").status_code == 403


def test_tokens_of_another_district_are_not_there(app: Flask, client: FlaskClient, world: World):
    stranger = signed_in_as(app, client, int(world.stranger.id))
    token_id = world.families[0].token_id
    assert stranger.get(f"/tokens/{token_id}").status_code == 404
    for deed in ("code", "sheet", "revoke", "replace"):
        assert stranger.post(f"/tokens/{token_id}/{deed}", data={"reason": "x", "language": "sd"}).status_code == 404
    page = stranger.get(f"/sheets/{world.campaign_id}").text
    assert "There are no tokens to print" in page
    assert deeds(app) == []


def test_a_token_is_revoked_with_a_reason(app: Flask, coordinator: FlaskClient, world: World):
    address = f"/tokens/{world.families[0].token_id}"
    missing = coordinator.post(f"{address}/revoke", data={"reason": " "})
    assert missing.status_code == 400
    assert "This is missing." in missing.text
    page = coordinator.post(f"{address}/revoke", data={"reason": "Sold <b>"}, follow_redirects=True).text
    assert "The token is revoked." in page
    assert "Sold &lt;b&gt;" in page
    assert "Show the QR code" not in page
    again = coordinator.post(f"{address}/revoke", data={"reason": "Sold"})
    assert again.status_code == 422
    assert deeds(app) == ["token.revoked"]


def test_a_token_is_replaced_with_a_reason(app: Flask, coordinator: FlaskClient, world: World):
    holder = world.families[0]
    answer = coordinator.post(f"/tokens/{holder.token_id}/replace", data={"reason": "lost"}, follow_redirects=True)
    newer, older = tokens_of(app, holder.family_id)
    assert f"Token no. {newer.serial}-1" in answer.text
    assert f'href="/tokens/{older.id}"' in answer.text
    assert "Replaced by a newer one" in coordinator.get(f"/tokens/{older.id}").text
    page = coordinator.get(f"/families/{holder.family_id}").text
    assert page.count("Show the QR code") == 1, "of the newer one alone"


@pytest.mark.parametrize("deed", ["code", "sheet", "revoke", "replace"])
def test_the_language_of_an_answer_can_be_changed(coordinator: FlaskClient, world: World, deed: str):
    answer = coordinator.get(f"/tokens/{world.families[0].token_id}/{deed}?lang=ur", follow_redirects=True)
    assert answer.status_code == 200
    assert '<html lang="ur"' in answer.text


# --- Sheets ---


def test_one_paper_is_printed_again(app: Flask, coordinator: FlaskClient, world: World):
    holder = world.families[1]
    answer = coordinator.post(f"/tokens/{holder.token_id}/sheet", data={"language": "ur"})
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r'attachment; filename="token-PK70304U14-\d+\.pdf"', answer.headers["Content-Disposition"])
    (code,) = codes_of_pdf(answer.data)
    assert code.startswith(f"HTTPS://{HOST.upper()}/V/")
    assert parse_text(code) == parse_text(holder.text)
    assert deeds(app) == ["tokens.printed"]


def sheet_form(**changed: str) -> dict[str, str]:
    return {"language": "sd", "codes": "url", "by": "uc", "area": "", "place": "PK70304U14"} | changed


def test_a_council_is_printed_as_one_pdf(app: Flask, coordinator: FlaskClient, world: World):
    page = coordinator.get(f"/sheets/{world.campaign_id}").text
    assert "All 3 tokens (zip)" in page
    answer = coordinator.post(f"/sheets/{world.campaign_id}", data=sheet_form())
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tokens-C1-PK70304U14.pdf"'
    assert sorted(map(parse_text, codes_of_pdf(answer.data))) == sorted(parse_text(one.text) for one in world.families)
    assert deeds(app) == ["tokens.printed"]


def test_small_codes_on_demand(coordinator: FlaskClient, world: World):
    answer = coordinator.post(f"/sheets/{world.campaign_id}", data=sheet_form(by="point", place="P1", codes="compact"))
    assert {code[:3] for code in codes_of_pdf(answer.data)} == {"R1:"}


def test_more_than_fits_one_pdf_is_sent_as_a_zip_while_it_is_made(
    app: Flask, coordinator: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch
):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        add_family(work, world, point_number=0)
    answer = coordinator.post(f"/sheets/{world.campaign_id}", data=sheet_form(by="point", place=""), buffered=False)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tokens-C1-point.zip"'
    pieces = list(answer.iter_encoded())
    assert len(pieces) == 3, "a piece a sheet, and the table of contents"
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.namelist() == ["0001-ANY-POINT-p0001.pdf", "0002-P1-p0001.pdf"]
        assert [len(codes_of_pdf(archive.read(name))) for name in archive.namelist()] == [1, 3]
    assert deeds(app) == ["tokens.printed"] * 2
    monkeypatch.setattr(sheets, "ONE_PDF_TOKENS", 2)
    answer = coordinator.post(f"/sheets/{world.campaign_id}", data=sheet_form())
    assert answer.headers["Content-Disposition"] == 'attachment; filename="tokens-C1-PK70304U14.zip"'


def test_a_break_in_the_middle_leaves_on_record_what_was_made(app: Flask, coordinator: FlaskClient, world: World):
    with app.app_context(), unit_of_work(SYSTEM) as work:
        add_family(work, world, point_number=0)
    answer = coordinator.post(f"/sheets/{world.campaign_id}", data=sheet_form(by="point", place=""), buffered=False)
    next(answer.iter_encoded())
    answer.close()
    assert deeds(app) == ["tokens.printed"]


@pytest.mark.parametrize(("changed", "status"), [
    ({"language": "fr"}, 400), ({"by": "village"}, 400), ({"place": "PK70304U99"}, 422), ({"codes": "tiny"}, 400),
])  # fmt: skip
def test_a_bad_choice_prints_nothing(app: Flask, coordinator: FlaskClient, world: World, changed, status: int):
    answer = coordinator.post(f"/sheets/{world.campaign_id}", data=sheet_form(**changed))
    assert (answer.status_code, answer.mimetype) == (status, "text/html")
    assert deeds(app) == []


def test_sheets_are_narrowed_to_a_district(coordinator: FlaskClient, world: World):
    page = coordinator.get(f"/sheets/{world.campaign_id}?area=PK703").text
    assert "All 3 tokens (zip)" in page
    page = coordinator.get(f"/sheets/{world.campaign_id}?area=PK706").text
    assert "There are no tokens to print" in page
    answer = coordinator.post(f"/sheets/{world.campaign_id}", data=sheet_form(area="PK706"))
    assert answer.status_code == 422


def test_without_a_public_address_the_codes_are_small_and_the_page_says_why(
    app: Flask, coordinator: FlaskClient, world: World, settings: Settings
):
    app.extensions["relief.settings"] = Settings(settings.instance_path, settings.database_url)
    assert "RELIEF_PUBLIC_ADDRESS" in coordinator.get(f"/sheets/{world.campaign_id}").text
    answer = coordinator.post(f"/sheets/{world.campaign_id}", data=sheet_form(codes=""))
    assert {code[:3] for code in codes_of_pdf(answer.data)} == {"R1:"}


def test_the_first_page_of_sheets_leads_to_each_campaign(coordinator: FlaskClient, world: World):
    page = coordinator.get("/sheets/").text
    assert f'href="/sheets/{world.campaign_id}"' in page
    assert "Token sheets" in coordinator.get("/").text


# --- In a browser ---


@pytest.fixture
def staff(app: Flask, page: Page, world: World) -> Page:
    """The coordinator at a real browser."""
    app.config["WTF_CSRF_ENABLED"] = True
    with app.app_context(), unit_of_work(SYSTEM) as work:
        user = add_person(work, Role.COORDINATOR, world.district)
    page.goto("/sign-in")
    page.get_by_label("E-mail address").fill(user.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Today")
    return page


def test_the_code_on_the_familys_page_leads_any_phone_to_the_public_page(staff: Page, world: World):
    staff.goto(f"/families/{world.families[0].family_id}")
    staff.get_by_role("button", name="Show the QR code").click()
    picture = staff.locator("svg.qr")
    expect(picture).to_be_visible()
    assert "/families/" in staff.url, "shown in its place"
    (text,) = codes_in(Image.open(io.BytesIO(picture.screenshot())))
    assert parse_text(text) == parse_text(world.families[0].text)
    staff.goto(text.removeprefix(f"HTTPS://{HOST.upper()}"))
    expect(staff.get_by_role("heading", level=1)).to_have_text("This token is genuine")
    expect(staff.locator("main")).to_contain_text("PKR 12,500")


def test_the_code_on_the_printed_sheet_leads_any_phone_to_the_public_page(staff: Page, world: World):
    staff.goto(f"/sheets/{world.campaign_id}")
    with staff.expect_download() as waiting:
        staff.get_by_role("button", name="PDF").click()
    codes = codes_of_pdf(waiting.value.path().read_bytes())
    assert len(codes) == 3
    for text in codes:
        staff.goto(text.removeprefix(f"HTTPS://{HOST.upper()}"))
        expect(staff.get_by_role("heading", level=1)).to_have_text("This token is genuine")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("language", ["en", "ur"])
@pytest.mark.parametrize("size", [PHONE, {"width": 1200, "height": 800}], ids=["phone", "office"])
def test_pages_of_tokens_have_no_barrier_on_any_screen(staff: Page, world: World, language: str, size: dict[str, int]):
    staff.set_viewport_size(size)
    staff.emulate_media(reduced_motion="reduce")  # Colours half-way from one to another are no barrier.
    holder = world.families[0]
    for path in (
        f"/families/{holder.family_id}",
        f"/tokens/{holder.token_id}",
        f"/sheets/{world.campaign_id}",
        "/sheets/",
    ):
        staff.goto(f"{path}?lang={language}")
        assert staff.evaluate(OVERFLOW) == 0, path
        assert barriers_on(staff) == [], path
    staff.goto(f"/tokens/{holder.token_id}")
    staff.locator("form[action$='/code'] button").click()
    expect(staff.locator("svg.qr")).to_be_visible()
    assert staff.evaluate(OVERFLOW) == 0
    assert barriers_on(staff) == []
