"""The home page: what waits for me today; and help, by role."""

from __future__ import annotations

from flask import Blueprint, render_template

from relief.kernel.permissions import Role
from relief.store.work import reading
from relief.web.access import Answer, current_actor, for_everyone, signed_in
from relief.web.session import current_sign_in
from relief.web.shell import shell

bp = Blueprint("home", __name__)


@bp.get("/")
@for_everyone
def index() -> Answer:
    """Show what waits, or to the public what this is and where to sign in."""
    if current_sign_in() is None:
        return render_template("home/welcome.html")
    return waiting()


@signed_in
def waiting() -> Answer:
    """Show what every part of the program has for this person."""
    actor = current_actor()
    with reading(actor) as work:
        found = [block.section(work, actor) for block in shell().home_blocks if block.is_for(actor)]
    sections = [section for section in found if section is not None]
    return render_template("home/index.html", sections=sections)


@bp.get("/help")
@for_everyone
def help_page() -> Answer:
    """Explain the work of each role, the reader's own first."""
    actor = current_actor()
    roles = sorted(Role, key=lambda role: (not actor.has_role(role), list(Role).index(role)))
    return render_template("home/help.html", roles=roles, own=[role for role in Role if actor.has_role(role)])


@bp.get("/healthz")
@for_everyone
def health() -> Answer:
    """Tell a monitor that the server answers and reaches its database."""
    with reading(current_actor()) as work:
        work.session.connection()
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}
