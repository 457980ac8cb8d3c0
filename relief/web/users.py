"""Accounts of other people, for administrators and auditors: list, add, amend, roles, disable."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _

from relief.accounts import administration, grants, queries
from relief.accounts.administration import AddUser, parse_email
from relief.accounts.grants import GrantRole
from relief.kernel.actor import Actor
from relief.kernel.messages import N_
from relief.kernel.names import PersonName
from relief.kernel.permissions import Permission, Role
from relief.store.work import Work, reading, unit_of_work
from relief.web.access import Answer, current_actor, needs
from relief.web.areas import AreaField
from relief.web.formats import format_number
from relief.web.forms import Form
from relief.web.listing import Listing
from relief.web.shell import HomeBlock, HomeFigure, HomeSection, MenuEntry, say

bp = Blueprint("users", __name__, url_prefix="/users")
MENU = (MenuEntry(N_("People"), "users.index", (Permission.ACCOUNT_MANAGE, Permission.ACCOUNT_READ), order=90),)

_MANAGE = Permission.ACCOUNT_MANAGE


def _people_with_accounts(work: Work, _actor: Actor) -> HomeSection:
    active, awaited = queries.count_users(work)
    address = url_for("users.index")
    figures = [HomeFigure(_("open accounts within your areas"), format_number(active), address)]
    if awaited:
        hint = _("Their password was made for them and is not changed yet.")
        figures.append(
            HomeFigure(_("people who have not signed in yet"), format_number(awaited), address, hint, "waiting")
        )
    return HomeSection(_("People"), figures, (_("Add a person"), url_for("users.new")))


HOME_BLOCKS = (HomeBlock(_MANAGE, 90, _people_with_accounts),)
_AREA = AreaField("area", _MANAGE)


@bp.get("/")
@needs(Permission.ACCOUNT_READ, _MANAGE)
def index() -> Answer:
    """List the people within the reader's areas."""
    listing = Listing.of_request(sorts=("name",))
    form = Form.of_query()
    with reading(current_actor()) as work:
        rows, listing.total = queries.list_users(
            work, matching=form.value("q").strip(), limit=listing.limit, offset=listing.offset
        )
        return render_template("users/index.html", rows=rows, listing=listing, form=form)


@bp.route("/new", methods=["GET", "POST"])
@needs(_MANAGE)
def new() -> Answer:
    """Add a person with a first role; the password that was made is shown once, on the page that answers."""
    form = Form.of_request()
    with form.attempt() as sent:
        if sent:
            with unit_of_work(current_actor()) as work:
                added = administration.add_user(work, _read_new(work, form))
            return _secret_page(added.user_id, added.made_password or "", is_new=True)
    return render_template("users/new.html", form=form, areas=_AREA.choices()), form.status


@bp.get("/<int:user_id>")
@needs(Permission.ACCOUNT_READ, _MANAGE)
def show(user_id: int) -> Answer:
    """Show a person, their roles and what may be done."""
    return _user_page(user_id, Form(None), 200)


@bp.route("/<int:user_id>/edit", methods=["GET", "POST"])
@needs(_MANAGE)
def edit(user_id: int) -> Answer:
    """Correct a person's name and address."""
    with reading(current_actor()) as work:
        user = queries.get_user(work, user_id)
    form = Form.of_request(email=user.email, name=user.name)
    with form.attempt() as sent:
        if sent:
            email, name = form.parse("email", parse_email), form.parse("name", PersonName.parse)
            form.refuse_problems()
            with unit_of_work(current_actor()) as work:
                administration.amend_user(work, user_id, email=email, name=name)
            say(_("The account is amended."))
            return redirect(url_for("users.show", user_id=user_id))
    return render_template("users/edit.html", form=form, user=user), form.status


@bp.post("/<int:user_id>/roles")
@needs(_MANAGE)
def grant(user_id: int) -> Answer:
    """Grant one more role."""
    form = Form.of_request()
    with form.attempt():
        with unit_of_work(current_actor()) as work:
            role, area = form.choice("role", Role), _AREA.read(work, form)
            form.refuse_problems()
            grants.grant_role(work, GrantRole(user_id, role, area.id))
        say(_("The role is granted. The person signs in again and has it."))
        return redirect(url_for("users.show", user_id=user_id))
    return _user_page(user_id, form, form.status)


@bp.post("/<int:user_id>/roles/<int:grant_id>/end")
@needs(_MANAGE)
def end_grant(user_id: int, grant_id: int) -> Answer:
    """End a role."""
    with unit_of_work(current_actor()) as work:
        grants.end_grant(work, grant_id)
    say(_("The role is ended."))
    return redirect(url_for("users.show", user_id=user_id))


@bp.route("/<int:user_id>/roles/<int:grant_id>/narrow", methods=["GET", "POST"])
@needs(_MANAGE)
def narrow_grant(user_id: int, grant_id: int) -> Answer:
    """Put a role over a smaller area."""
    form = Form.of_request()
    with form.attempt() as sent:
        if sent:
            with unit_of_work(current_actor()) as work:
                area = _AREA.read(work, form)
                form.refuse_problems()
                grants.narrow_grant(work, grant_id, area.id)
            say(_("The role now covers the smaller area."))
            return redirect(url_for("users.show", user_id=user_id))
    with reading(current_actor()) as work:
        user = queries.get_user(work, user_id)
        row = grants.get_open_grant(work, grant_id)
    choices = AreaField("area", _MANAGE, under=row.area.path).choices()
    return render_template("users/narrow.html", form=form, user=user, row=row, areas=choices), form.status


@bp.post("/<int:user_id>/disable")
@needs(_MANAGE)
def disable(user_id: int) -> Answer:
    """Shut an account."""
    form = Form.of_request()
    with form.attempt():
        reason = form.text("reason")
        form.refuse_problems()
        with unit_of_work(current_actor()) as work:
            administration.disable_user(work, user_id, reason)
        say(_("The account is disabled and signed out everywhere."))
        return redirect(url_for("users.show", user_id=user_id))
    return _user_page(user_id, form, form.status)


@bp.post("/<int:user_id>/enable")
@needs(_MANAGE)
def enable(user_id: int) -> Answer:
    """Open a shut account again."""
    with unit_of_work(current_actor()) as work:
        administration.enable_user(work, user_id)
    say(_("The account is open again."))
    return redirect(url_for("users.show", user_id=user_id))


@bp.post("/<int:user_id>/password")
@needs(_MANAGE)
def reset_password(user_id: int) -> Answer:
    """Make a new password, shown once."""
    with unit_of_work(current_actor()) as work:
        password = administration.reset_password(work, user_id)
    return _secret_page(user_id, password, is_new=False)


def _read_new(work: Work, form: Form) -> AddUser:
    email, name = form.parse("email", parse_email), form.parse("name", PersonName.parse)
    role, area = form.choice("role", Role), _AREA.read(work, form)
    form.refuse_problems()
    return AddUser(email, name, role, area.id)


def _secret_page(user_id: int, password: str, *, is_new: bool) -> Answer:
    with reading(current_actor()) as work:
        user = queries.get_user(work, user_id)
        return render_template("users/password.html", user=user, password=password, is_new=is_new)


def _user_page(user_id: int, form: Form, status: int) -> Answer:
    actor = current_actor()
    with reading(actor) as work:
        user = queries.get_user(work, user_id)
        rows = queries.list_grants(work, [user_id], with_ended=True)
        open_rows = [row for row in rows if row.ended_at is None]
        is_managed = user.id != actor.id and all(actor.may(_MANAGE, row.area.path) for row in open_rows)
        return render_template(
            "users/show.html",
            user=user,
            grants=open_rows,
            ended=[row for row in rows if row.ended_at is not None],
            is_managed=is_managed and actor.may(_MANAGE),
            form=form,
            areas=_AREA.choices() if actor.may(_MANAGE) else None,
        ), status
