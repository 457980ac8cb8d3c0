"""The desk of a distribution day: scan or type, see who and what, give, or see why not."""

from __future__ import annotations

import uuid
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from relief.distributions import queries
from relief.distributions.claims import PackageLineOf
from relief.distributions.deciding import HolderCheck
from relief.distributions.desk import Card, DeskHandOver, hand_over_at_desk, look_up, staffed_table
from relief.distributions.hand_overs import Outcome, OutcomeKind
from relief.distributions.rules import Refusal
from relief.kernel.errors import RuleViolation
from relief.kernel.messages import N_
from relief.kernel.money import Money
from relief.kernel.permissions import Permission
from relief.kernel.quantity import Quantity
from relief.programmes.rules import Proof
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.forms import Form, parse_event_id

bp = Blueprint("desk", __name__, url_prefix="/desk")

# A token's text is a secret and comes by POST alone: it never stands in an address, a log or the browser's history.
# What the desk can ask for; the rest of the proofs need a device or a second person.
PROOFS = (Proof.CNIC_SEEN, Proof.LAST_FOUR, Proof.HOLDER_TAG, Proof.WITNESS, Proof.NONE)


@bp.get("/<int:day_id>")
@needs(Permission.HAND_OVER)
def show(day_id: int) -> Answer:
    """Wait for the next family; the hand-over just made can be undone from here."""
    with reading(current_actor()) as work:
        staffed_table(work, day_id)
        done = request.args.get("done", type=int)
        last = queries.get_hand_over(work, done) if done else None
        return _page(work, day_id, Form(None), last=last)


@bp.post("/<int:day_id>")
@needs(Permission.HAND_OVER)
def find(day_id: int) -> Answer:
    """Show the card of what was scanned or typed."""
    form = Form.of_request()
    with form.attempt():
        text = form.secret("text")  # As it came: two spaces in a row are part of a compact token.
        form.refuse_problems()
        with reading(current_actor()) as work:
            return _card_page(work, day_id, text)
    with reading(current_actor()) as work:
        return _page(work, day_id, form), form.status


@bp.post("/<int:day_id>/give")
@needs(Permission.HAND_OVER)
def give(day_id: int) -> Answer:
    """Record the hand-over; the same form sent twice gives once."""
    form = Form.of_request()
    text = form.secret("text")
    with form.attempt():
        command = _read_command(form, day_id, text)
        with unit_of_work(current_actor()) as work:
            outcome = hand_over_at_desk(work, command)
        if outcome.kind is OutcomeKind.GIVEN:
            # No flash: it would be signed into a cookie at every hand-over. The desk says it beside the hand-over's number.
            return redirect(url_for("desk.show", day_id=day_id, done=outcome.hand_over_id))
        _keep_refusal(form, outcome)
    with reading(current_actor()) as work:
        return _card_page(work, day_id, text, form), form.status


def _read_command(form: Form, day_id: int, text: str) -> DeskHandOver:
    event_id = form.parse("event_id", parse_event_id)
    proof = form.choice("proof", Proof)
    answer = form.text("answer", longest=20, required=False) or ""
    proxy = form.text("proxy", longest=120, required=False) or ""
    given = {int(name.removeprefix("line-")): _read_amount(form, name) for name in form.names("line-")}
    form.refuse_problems()
    return DeskHandOver(event_id, day_id, text, HolderCheck(proof, answer), given or None, proxy)


def _read_amount(form: Form, name: str) -> int:
    if form.value(f"kind-{name}") == "cash":
        amount = form.money(name)
        return amount.paisa if isinstance(amount, Money) else 0
    return form.number(name)


def _keep_refusal(form: Form, outcome: Outcome) -> None:
    if outcome.kind is OutcomeKind.EXISTS_WITH_DIFFERENT_CONTENT:
        form.keep(
            RuleViolation("redemption.exists", N_("This form was already used for another hand-over. Scan again."))
        )
        return
    assert outcome.refusal is not None
    if outcome.refusal in (Refusal.PROOF_MISSING, Refusal.HOLDER_DOES_NOT_MATCH, Refusal.MORE_THAN_OWED):
        form.keep(RuleViolation(outcome.refusal.value, outcome.refusal.message))


def _page(work: Work, day_id: int, form: Form, **more: Any) -> str:
    day, point, area, campaign = queries.get_day(work, day_id)
    return render_template(
        "desk/show.html", day=day, point=point, area=area, campaign=campaign, form=form,
        totals=queries.totals_of_day(work, day), **{"last": None, **more},
    )  # fmt: skip


def _card_page(work: Work, day_id: int, text: str, form: Form | None = None) -> str:
    card = look_up(work, day_id, text)
    if form is None:
        amounts = {f"line-{line.line_no}": _as_typed(line, owed) for line, owed in card.lines}
        # Where the campaign asks for a proof, staff say which was made; it is never filled in for them.
        proof = "" if card.needs_proof else Proof.NONE.value
        form = Form(None, initial={"event_id": str(uuid.uuid4()), "proof": proof, **amounts})
    day, point, area, campaign = queries.get_day(work, day_id)
    return render_template(
        "desk/card.html", day=day, point=point, area=area, campaign=campaign, form=form, card=card, text=text,
        who=queries.head_of(work, card.claim.family_id) if card.claim else None, lines=_lines(work, card),
        **_why_not(work, card),
        proofs=[proof for proof in PROOFS if not card.needs_proof or proof is not Proof.NONE],
    )  # fmt: skip


def _as_typed(line: PackageLineOf, owed: int) -> str:
    if line.item_id is not None:
        return str(owed)
    rupees, paisa = divmod(owed, 100)
    return f"{rupees}.{paisa:02d}" if paisa else str(rupees)


def _why_not(work: Work, card: Card) -> dict[str, Any]:
    """Return where and when it was given before, or where the family receives: staff tell the family."""
    if card.claim is None:
        return {"earlier": None, "other_point": None}
    was_given, is_elsewhere = card.refusal is Refusal.ALREADY_GIVEN, card.refusal is Refusal.OTHER_POINT
    return {
        "earlier": queries.last_given(work, card.claim.entitlement_id) if was_given else None,
        "other_point": queries.point_numbered(work, card.claim.point_no) if is_elsewhere else None,
    }


def _lines(work: Work, card: Card) -> list[tuple[PackageLineOf, Any, Money | Quantity]]:
    """Return (line, item or None, what is owed of it) for the card."""
    items = queries.items_by_id(work, [line.item_id for line, _owed in card.lines])
    return [
        (line, items.get(line.item_id), Money(owed) if line.item_id is None else Quantity(owed))
        for line, owed in card.lines
    ]
