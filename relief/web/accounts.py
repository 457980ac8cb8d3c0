"""Signing in and out, and one's own account: password, figures, where one is signed in."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from relief.accounts import own_account, passwords, queries
from relief.accounts import sign_in as sign_ins
from relief.accounts.proving import prove_password
from relief.kernel.errors import InvalidInput
from relief.kernel.messages import N_
from relief.store.work import reading, unit_of_work
from relief.web import session as browser
from relief.web.access import Answer, current_actor, for_everyone, safe_path, signed_in
from relief.web.forms import Form
from relief.web.shell import say

bp = Blueprint("accounts", __name__)


@bp.route("/sign-in", methods=["GET", "POST"])
@for_everyone
def sign_in() -> Answer:
    """Ask for address and password, and go on to where the person wanted to go."""
    wanted = safe_path(request.args.get("next", ""))
    if browser.current_sign_in() is not None and request.method == "GET":
        return redirect(wanted)
    form = Form.of_request()
    with form.attempt() as sent:
        if sent:
            email, password = form.text("email"), form.secret("password")
            form.refuse_problems()
            attempt = prove_password(email, password, browser.client_address())
            if attempt is None:
                raise InvalidInput("sign_in.wrong", N_("The e-mail address or the password is wrong."))
            browser.close_session()
            browser.open_session(attempt)
            return redirect(wanted)
    return render_template("accounts/sign_in.html", form=form), form.status


@bp.post("/sign-out")
@for_everyone
def sign_out() -> Answer:
    """End the sign-in of this browser."""
    browser.close_session()
    say(_("You are signed out."))
    return redirect(url_for("accounts.sign_in"))


@bp.get("/account")
@signed_in
def show() -> Answer:
    """Show one's own account."""
    return _account_page(Form(None), 200)


@bp.post("/account/password")
@signed_in
def change_password() -> Answer:
    """Set a new password after checking the current one."""
    form = Form.of_request()
    with form.attempt():
        current, new, again = form.secret("current"), form.secret("new"), form.secret("again")
        form.refuse_problems()
        if new != again:
            form.add_problem("again", "password.differs", N_("This is not the same as the new password above."))
        form.refuse_problems()
        _set_password(form, current, new)
        say(_("Your password is changed. Everywhere else you are signed out."))
        return redirect(url_for("accounts.show"))
    return _account_page(form, form.status)


@bp.post("/account/figures")
@signed_in
def choose_figures() -> Answer:
    """Note how figures are written for this person."""
    form = Form.of_request()
    with unit_of_work(current_actor()) as work:
        own_account.choose_figures(work, counts_in_lakhs=form.text("figures", required=False) == "lakhs")
    say(_("From now on figures are written this way for you."))
    return redirect(url_for("accounts.show"))


@bp.post("/account/sessions/<int:session_id>/end")
@signed_in
def end_session(session_id: int) -> Answer:
    """End a sign-in elsewhere, or here."""
    current = browser.current_sign_in()
    if current is not None and current.session_id == session_id:
        return sign_out()
    with unit_of_work(current_actor()) as work:
        sign_ins.end_sign_in(work, session_id)
    say(_("That sign-in has ended."))
    return redirect(url_for("accounts.show"))


def _set_password(form: Form, current: str, new: str) -> None:
    actor = current_actor()
    with reading(actor) as work:
        email = queries.get_user(work, int(actor.id)).email
    attempt = prove_password(email, current, browser.client_address())
    if attempt is None:
        form.add_problem("current", "password.wrong", N_("This is not your current password."))
    try:
        passwords.check_password(new, email, actor.name)
    except InvalidInput as error:
        form.add_problem("new", error.code, error.message, **error.params)
    form.refuse_problems()
    assert attempt is not None
    sign_in = browser.current_sign_in()
    assert sign_in is not None
    with unit_of_work(actor) as work:
        sign_ins.forgive(work, attempt)
        own_account.change_password(work, new, session_id=sign_in.session_id)


def _account_page(form: Form, status: int) -> Answer:
    actor = current_actor()
    with reading(actor) as work:
        return render_template(
            "accounts/show.html",
            form=form,
            user=queries.get_user(work, int(actor.id)),
            grants=queries.list_grants(work, [int(actor.id)]),
            sessions=queries.list_sessions(work, int(actor.id)),
            current=browser.current_sign_in(),
        ), status
