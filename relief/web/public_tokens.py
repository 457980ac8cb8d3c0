"""The public page of a token: genuine or not, what it is for, and to its holder whether it is used; never whose it is.

Nothing here changes a token. Its text is a secret: only the QR code itself puts it into an address, forms post it.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

from flask import Blueprint, Response, render_template, request

from relief.distributions.place_queries import Place, Use, places_of, use_of
from relief.entitlements.holder_checks import CheckHolder, HolderAnswer, check_holder
from relief.entitlements.rules import Standing
from relief.entitlements.signing import body_of
from relief.entitlements.token_queries import TokenRow, find_key
from relief.entitlements.verifying import Verification, verify_text
from relief.kernel.codes import TokenCode
from relief.kernel.dates import local_day
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.kernel.text import clean, fold_digits
from relief.papers.rt1 import parse_text, to_compact_text
from relief.programmes.queries import CampaignRow, LineRow, find_campaign_by_number, package_of
from relief.programmes.rules import CampaignState
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import PUBLIC, Answer, for_everyone
from relief.web.forms import Form
from relief.web.session import client_address

bp = Blueprint("public_tokens", __name__, url_prefix="/V")

TOO_MANY_REQUESTS = 429
_LIKE_A_CODE = re.compile(r"[0-9\s\-–—.]{1,30}")
# The host in a code is whichever the sheet was printed for: it is not signed, and any will do to read the digits.
_ADDRESS = "HTTPS://RELIEF/V/"


@dataclass(frozen=True, slots=True)
class Found:
    """A token that was read or typed: what it is worth today and what it is for. `text` is None where a code was typed."""

    standing: Standing
    text: str | None
    expires_on: dt.date
    campaign: CampaignRow | None = None
    is_over: bool = False
    lines: tuple[LineRow, ...] = ()
    place: Place | None = None
    days: tuple[dt.date, ...] = ()

    @property
    def may_be_checked(self) -> bool:
        """Whether its holder may ask for more; of a paper that nobody trusts there is no more to tell."""
        unknown = (Standing.NOT_GENUINE, Standing.KEY_REVOKED, Standing.UNKNOWN)
        return self.text is not None and self.standing not in unknown


@bp.get("/")
@for_everyone
def ask() -> Answer:
    """Ask for the code under the QR code, or for a scanned text."""
    return render_template("tokens/ask.html", form=Form(None))


@bp.get("/<token_text>")
@for_everyone
def show(token_text: str) -> Answer:
    """Show what the token with these digits is worth: the page that a phone's camera opens."""
    try:
        return _page_of(_ADDRESS + token_text)
    except InvalidInput as error:
        return render_template("tokens/unreadable.html", error=error), 404 if error.code == "token.not_ours" else 400


@bp.post("/")
@for_everyone
def check() -> Answer:
    """Show what a scanned text or typed code is worth; with the holder's answer, also whether it is used."""
    return _answer(request.form.get("text", "")) if "answer" in request.form else _look_up()


@bp.after_request
def keep_out_of_indexes(response: Response) -> Response:
    """Tell search engines to forget what they meet here."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


def _look_up() -> Answer:
    form = Form.of_request()
    text = form.secret("text")  # Exactly as read: two spaces in a compact text are two.
    with form.attempt():
        form.refuse_problems()
        code = _read(form, text)
        if code is None:
            return _page_of(text)
        token = _ask_holder(CheckHolder(HolderAnswer(code=code), client_address()))
        if token is not None:
            return _page_of_code(token)
        form.add_problem(
            "text", "token.unknown_code", N_("No token is known under this code. Compare the digits with the paper.")
        )
        form.refuse_problems()
    return render_template("tokens/ask.html", form=form), _status(form)


def _answer(text: str) -> Answer:
    form = Form.of_request()
    with form.attempt():
        answer = form.parse("answer", HolderAnswer.parse)
        form.refuse_problems()
        token = _ask_holder(CheckHolder(answer, client_address(), text))
        if token is not None:
            return _page_of(text, token)
        form.add_problem(
            "answer", "holder_check.no_match",
            N_("These digits do not belong to this token. Compare them with the card or the paper."),
        )  # fmt: skip
        form.refuse_problems()
    return _page_of(text, form=form)


def _read(form: Form, text: str) -> TokenCode | None:
    """Return the code that was typed; None for a scanned text, if it can be read."""
    try:
        if _LIKE_A_CODE.fullmatch(fold_digits(clean(text))):
            return TokenCode.parse(text)
        parse_text(text)
    except InvalidInput as error:
        form.add_problem("text", error.code, error.message, **error.params)
        form.refuse_problems()
    return None


def _ask_holder(command: CheckHolder) -> TokenRow | None:
    with unit_of_work(PUBLIC) as work:
        return check_holder(work, command)


def _page_of(text: str, holders: TokenRow | None = None, form: Form | None = None) -> Answer:
    """Return the page of a text; raises InvalidInput where it is none."""
    form = form or Form(None)
    with reading(PUBLIC) as work:
        found = _find(work, verify_text(work, text), to_compact_text(parse_text(text)))
        return _shown(work, found, holders, form), _status(form)


def _page_of_code(token: TokenRow) -> Answer:
    with reading(PUBLIC) as work:
        key = find_key(work, campaign_number=token.campaign_number, key_id=token.key_id)
        verification = Verification(body_of(token), True, key.state if key else None, token.state)
        return _shown(work, _find(work, verification, None), token, Form(None))


def _shown(work: Work, found: Found, holders: TokenRow | None, form: Form) -> str:
    use: Use | None = None
    if holders is not None and found.campaign is not None:
        use = use_of(work, holders.entitlement_id, found.campaign.instalments)
    return render_template("tokens/public.html", found=found, use=use, form=form, Standing=Standing)


def _find(work: Work, verification: Verification, text: str | None) -> Found:
    body, today = verification.body, local_day(work.at)
    standing = verification.standing(today)
    campaign = find_campaign_by_number(work, body.campaign) if verification.is_genuine else None
    if campaign is None:
        return Found(standing, text, body.expires_on)
    lines = [band.lines for band in package_of(work, campaign.id) if band.band_no == body.entitlement]
    place = places_of(work, campaign.id, [body.point]).get(body.point)
    days = tuple(day for day in place.days if today <= day <= body.expires_on) if place else ()
    is_over = campaign.state is CampaignState.CLOSED
    return Found(standing, text, body.expires_on, campaign, is_over, lines[0] if lines else (), place, days)


def _status(form: Form) -> int:
    return TOO_MANY_REQUESTS if any(p.code == "holder_check.wait" for p in form.problems) else form.status
