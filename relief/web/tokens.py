"""Tokens of families: what each is worth, its QR code and paper, revoking and replacing it."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from markupsafe import Markup

from relief.distributions.place_queries import Place, places_of
from relief.distributions.printing import number_of, place_of_token, show_token, take_sheet
from relief.distributions.queries import names_of_people
from relief.entitlements import revoking
from relief.entitlements.rules import Standing, TokenState, standing_of
from relief.entitlements.token_queries import TokenRow, find_key, get_token, tokens_of_family
from relief.families.queries import FamilyRecord, get_family
from relief.geography.queries import get_area
from relief.kernel.dates import local_day
from relief.kernel.errors import NotFound
from relief.kernel.permissions import Permission
from relief.papers import qr
from relief.papers.sheet import print_sheet
from relief.programmes.queries import CampaignRow, get_campaign
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.forms import Form
from relief.web.sheets import PRESS, as_file, public_host, read_order, sheet_languages
from relief.web.shell import FamilyBlock, say

bp = Blueprint("tokens", __name__, url_prefix="/tokens")


@dataclass(frozen=True, slots=True)
class Card:
    """A token as pages show it, and what the person before them may do with it."""

    token: TokenRow
    number: str
    standing: Standing
    campaign: CampaignRow
    place: Place | None
    may_print: bool
    may_revoke: bool
    revoke: Form
    replace: Form


@bp.get("/<int:token_id>")
@needs(Permission.TOKEN_READ)
def show(token_id: int) -> Answer:
    """Show one token and the others of its entitlement."""
    return _page(token_id)


@bp.get("/<int:token_id>/code")
@bp.get("/<int:token_id>/sheet")
@bp.get("/<int:token_id>/revoke")
@bp.get("/<int:token_id>/replace")
@needs(Permission.TOKEN_READ)
def back(token_id: int) -> Answer:
    """Lead back to the token: a change of language asks for the address of the last form."""
    return redirect(url_for("tokens.show", token_id=token_id, lang=request.args.get("lang")))


@bp.post("/<int:token_id>/code")
@needs(Permission.TOKEN_PRINT)
def show_code(token_id: int) -> Answer:
    """Show the QR code and the typed code: by POST, since the look is recorded."""
    with unit_of_work(current_actor()) as work:
        shown = show_token(work, token_id, public_host())
    picture = Markup(qr.svg(shown.text, shown.level, label=_("QR code of the token")))  # noqa: S704 - drawn by us
    if request.headers.get("HX-Request"):
        return render_template("tokens/_code.html", picture=picture, code=shown.code)
    return _page(token_id, picture=picture, code=shown.code)


@bp.post("/<int:token_id>/sheet")
@needs(Permission.TOKEN_PRINT)
def sheet(token_id: int) -> Answer:
    """Print this token alone."""
    form = Form.of_request()
    with form.attempt():
        with reading(current_actor()) as work:
            order = read_order(form, get_token(work, token_id).campaign_id)
        with unit_of_work(current_actor()) as work:
            place = place_of_token(work, token_id)
            taken = take_sheet(work, order, place)
            printing = order.printing(work)
        with PRESS:
            pdf = print_sheet(taken, printing)
        return as_file(pdf, f"token-{place.code}.pdf", "application/pdf")
    return _page(token_id, form=form)


@bp.post("/<int:token_id>/revoke")
@needs(Permission.TOKEN_REVOKE)
def revoke(token_id: int) -> Answer:
    """Withdraw a token."""
    form = Form.of_request()
    form.key = f"revoke-{token_id}"
    with form.attempt():
        reason = form.text("reason", longest=revoking.LONGEST_REASON)
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            revoking.revoke_token(work, revoking.RevokeToken(token_id, reason))
        say(_("The token is revoked. Its paper is no longer honoured."))
        return redirect(url_for("tokens.show", token_id=token_id))
    return _page(token_id, form=form)


@bp.post("/<int:token_id>/replace")
@needs(Permission.TOKEN_REVOKE)
def replace(token_id: int) -> Answer:
    """Give the family a newer token."""
    form = Form.of_request()
    form.key = f"replace-{token_id}"
    with form.attempt():
        reason = form.text("reason", longest=revoking.LONGEST_REASON)
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            new_id = revoking.replace_token(work, revoking.ReplaceToken(token_id, reason))
        say(_("The token is replaced. Print the new paper and hand it to the family."))
        return redirect(url_for("tokens.show", token_id=new_id))
    return _page(token_id, form=form)


def _page(token_id: int, *, form: Form | None = None, **more: object) -> Answer:
    with reading(current_actor()) as work:
        token = get_token(work, token_id)
        family = _find_family(work, token.family_id)
        others = [one for one in tokens_of_family(work, token.family_id) if one.entitlement_id == token.entitlement_id]
        page = render_template(
            "tokens/show.html", card=_card(work, token, form), family=family, form=form or Form(None),
            others=[_card(work, one) for one in others if one.id != token.id],
            issued_by=names_of_people(work, [token.issued_by]).get(token.issued_by), languages=sheet_languages(), **more,
        )  # fmt: skip
    return page, form.status if form else 200


def _card(work: Work, token: TokenRow, form: Form | None = None) -> Card:
    key = find_key(work, campaign_number=token.campaign_number, key_id=token.key_id)
    is_expired = local_day(work.at) > token.expires_on
    standing = standing_of(key.state if key else None, token.state, is_genuine=True, is_expired=is_expired)
    campaign = get_campaign(work, token.campaign_id)
    path = get_area(work, token.uc_id).path
    may_print = token.state is TokenState.ISSUED and work.actor.may(Permission.TOKEN_PRINT, path)
    may_revoke = token.state is not TokenState.REPLACED and work.actor.may(Permission.TOKEN_REVOKE, path)
    forms = [
        form if form is not None and form.key == key else Form(None, key=key)
        for key in (f"revoke-{token.id}", f"replace-{token.id}")
    ]
    place = places_of(work, campaign.id, [token.point_no]).get(token.point_no)
    return Card(token, number_of(token), standing, campaign, place, may_print, may_revoke, *forms)


def _find_family(work: Work, family_id: int) -> FamilyRecord | None:
    try:
        return get_family(work, family_id)
    except NotFound:
        return None  # It moved to another area since; its token is still of this one.


def _tokens_of(work: Work, family: FamilyRecord) -> Markup:
    cards = [_card(work, token) for token in tokens_of_family(work, family.id)]
    return Markup(  # noqa: S704 - rendered by a template
        render_template("tokens/family.html", cards=cards, form=Form(None), languages=sheet_languages())
    )


FAMILY_BLOCKS = (FamilyBlock(Permission.TOKEN_READ, 20, _tokens_of),)
