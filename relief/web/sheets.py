"""Print sheets of tokens: a PDF of one place, or a zip of many that is sent while it is made."""

from __future__ import annotations

import enum
import itertools
import re
import threading
from collections.abc import Callable, Iterator
from typing import Final

from flask import Blueprint, Response, current_app, render_template, stream_with_context
from flask_babel import force_locale, gettext

from relief.config import Settings
from relief.distributions.printing import PrintBy, PrintOrder, PrintPlace, list_print_places, take_sheet
from relief.entitlements.token_queries import PrintSelection, count_printable
from relief.files.outlet import Outlet
from relief.geography.model import Level
from relief.geography.queries import AreaRecord, list_areas
from relief.kernel.actor import Actor
from relief.kernel.errors import InvalidInput, RuleViolation
from relief.kernel.messages import N_
from relief.kernel.permissions import Permission
from relief.papers.sheet import ONE_PDF_TOKENS, Printing, TokenSheet, print_sheet, write_zip
from relief.programmes.queries import get_campaign, list_campaigns
from relief.programmes.rules import CampaignState
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.formats import area_name, language
from relief.web.forms import Form
from relief.web.languages import LANGUAGES
from relief.web.listing import Listing
from relief.web.shell import MenuEntry, hold_campaign

bp = Blueprint("sheets", __name__, url_prefix="/sheets")
MENU = (MenuEntry(N_("Token sheets"), "sheets.index", Permission.TOKEN_PRINT, order=36),)

# Setting pages takes memory and all of a processor: one part at a time, whoever asks.
PRESS: Final = threading.Lock()


class CodeForm(enum.StrEnum):
    """Which text the codes carry."""

    URL = "url"
    COMPACT = "compact"


@bp.get("/")
@needs(Permission.TOKEN_PRINT)
def index() -> Answer:
    """List the campaigns with tokens to print."""
    with reading(current_actor()) as work:
        running = list_campaigns(work, [CampaignState.ACTIVE])
        counts = {campaign.id: _total(work, campaign.id) for campaign in running}
    return render_template("sheets/index.html", campaigns=running, counts=counts)


@bp.route("/<int:campaign_id>", methods=["GET", "POST"])
@needs(Permission.TOKEN_PRINT)
def show(campaign_id: int) -> Answer:
    """List the places of a campaign with the tokens to print there; print those of one, or of all that are listed."""
    form = Form.of_request(language=_local_language(), codes=CodeForm.URL if public_host() else CodeForm.COMPACT)
    with form.attempt() as sent:
        if sent:
            return _print(campaign_id, form)
    return _page(campaign_id, form)


def public_host() -> str | None:
    """Return the address that codes lead to, None where none is configured."""
    settings = current_app.extensions["relief.settings"]
    assert isinstance(settings, Settings)
    return settings.public_address


def read_order(form: Form, campaign_id: int) -> PrintOrder:
    """Return how to print, as the form says. Raises: InvalidInput."""
    chosen = form.parse("language", _known_language)
    codes = form.choice("codes", CodeForm, required=False)
    form.refuse_problems()
    host = None if codes is CodeForm.COMPACT else public_host()
    return PrintOrder(campaign_id, chosen, said_in(chosen), host)


def sheet_languages() -> list[tuple[str, str]]:
    """Return the languages that stand beside English on a sheet, that of the page first."""
    own = _local_language()
    return sorted(((code, LANGUAGES[code]) for code in ("sd", "ur")), key=lambda choice: choice[0] != own)


def said_in(code: str) -> Callable[[str], str]:
    """Return what says a msgid in a language, whatever that of the page is."""

    def said(msgid: str) -> str:
        with force_locale(code):
            return str(gettext(msgid))

    return said


def as_file(content: bytes | Iterator[bytes], name: str, kind: str) -> Response:
    """Return an answer that the browser saves under the name."""
    response = Response(content, mimetype=kind)
    plain = re.sub(r"[^0-9A-Za-z.-]+", "-", name)  # A point's code may be in any script.
    response.headers["Content-Disposition"] = f'attachment; filename="{plain}"'
    return response


def _print(campaign_id: int, form: Form) -> Answer:
    actor = current_actor()
    order = read_order(form, campaign_id)
    by = form.choice("by", PrintBy)
    code = form.value("place")
    form.refuse_problems()
    with reading(actor) as work:
        campaign = get_campaign(work, campaign_id)
        district = _district(work, form.value("area"))
        places = list_print_places(work, campaign_id, by, district.path if district else None)
        printing = order.printing(work)
    places = [place for place in places if code in ("", place.code)]
    if not places:
        raise RuleViolation("sheet.no_tokens", N_("There are no tokens to print here. Issue them first."))
    name = f"tokens-{campaign.code}-{code or (district.code if district else by.value)}"
    if len(places) == 1 and places[0].count <= ONE_PDF_TOKENS:
        (sheet,) = _sheets(actor, order, places)
        with PRESS:
            return as_file(print_sheet(sheet, printing), f"{name}.pdf", "application/pdf")
    pieces = _zip_pieces(_sheets(actor, order, places), printing)
    first = next(pieces)  # What cannot be printed at all is said on a page, not in the middle of a file.
    return as_file(stream_with_context(itertools.chain([first], pieces)), f"{name}.zip", "application/zip")


def _sheets(actor: Actor, order: PrintOrder, places: list[PrintPlace]) -> Iterator[TokenSheet]:
    """Yield the sheet of each place, taken in a unit of its own: what is on record is what was printed."""
    for place in places:
        with unit_of_work(actor) as work:
            sheet = take_sheet(work, order, place)
        yield sheet


def _zip_pieces(sheets: Iterator[TokenSheet], printing: Printing) -> Iterator[bytes]:
    outlet = Outlet()
    parts = write_zip(outlet.target, sheets, printing)
    is_more = True
    while is_more:
        with PRESS:
            is_more = next(parts, None) is not None
        yield outlet.take()


def _page(campaign_id: int, form: Form) -> Answer:
    listing = Listing.of_request(sorts=("code",))
    query = Form.of_query(by=PrintBy.UC)
    with reading(current_actor()) as work:
        campaign = get_campaign(work, campaign_id)
        by = PrintBy.POINT if query.value("by") == PrintBy.POINT else PrintBy.UC
        places = list_print_places(work, campaign_id, by)
        districts = _districts(work, places)
        district = _district(work, query.value("area"))
        if district is not None:
            places = list_print_places(work, campaign_id, by, district.path)
        areas = {area.id: area for area in list_areas(work)}
    hold_campaign(campaign.id, campaign.name)
    listing.total = len(places)
    page = render_template(
        "sheets/show.html", campaign=campaign, form=form, query=query, by=by, district=district, areas=areas,
        districts=[(area.code, area_name(area)) for area in districts], listing=listing, total=sum(place.count for place in places),
        places=places[listing.offset : listing.offset + listing.limit], languages=sheet_languages(), host=public_host(),
        one_pdf=ONE_PDF_TOKENS,
    )  # fmt: skip
    return page, form.status


def _districts(work: Work, places: list[PrintPlace]) -> list[AreaRecord]:
    used = {int(part) for place in places if place.area for part in place.area.path.strip("/").split("/")}
    return sorted((a for a in list_areas(work, Level.DISTRICT) if a.id in used), key=lambda area: area.name_en)


def _district(work: Work, code: str) -> AreaRecord | None:
    return next((area for area in list_areas(work, Level.DISTRICT) if area.code == code), None) if code else None


def _total(work: Work, campaign_id: int) -> int:
    return sum(count_printable(work, PrintSelection(campaign_id)).values())


def _local_language() -> str:
    """Return the language of the page if it is one of the place, else Sindhi: most families of Sindh read that first."""
    return language() if language() in ("ur", "sd") else "sd"


def _known_language(text: str) -> str:
    if text not in ("ur", "sd", "en"):
        raise InvalidInput("choice.unknown", N_("Choose one of the answers shown."))
    return text
