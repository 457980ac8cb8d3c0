"""The pages. Every module of pages is listed here, and only here."""

from __future__ import annotations

import datetime as dt

from flask import Flask, current_app

from relief.config import STATIC
from relief.kernel.permissions import Permission, Role
from relief.web import (
    accounts,
    allocations,
    areas,
    assets,
    audit,
    campaigns,
    conflicts,
    coverage,
    desk,
    devices,
    distributions,
    errors,
    families,
    finance,
    formats,
    funds,
    geography,
    held,
    home,
    imports,
    issuing,
    languages,
    late_lists,
    public_tokens,
    reconciliation,
    scan,
    security,
    session,
    sheets,
    shell,
    stock,
    tokens,
    users,
)
from relief.web.access import current_actor

PAGES = (
    home,
    accounts,
    users,
    areas,
    families,
    imports,
    held,
    campaigns,
    allocations,
    issuing,
    coverage,
    distributions,
    desk,
    late_lists,
    conflicts,
    devices,
    stock,
    finance,
    funds,
    reconciliation,
    audit,
    geography,
    tokens,
    sheets,
    public_tokens,
    scan,
)


def register(app: Flask) -> None:
    """Give the application its pages, and what they all share."""
    security.register(app)
    languages.register(app)
    formats.register(app)
    assets.register(app, STATIC)
    errors.register(app)
    app.after_request(session.set_cookie)
    held = shell.install(app)
    for page in PAGES:
        app.register_blueprint(page.bp)
        blocks = (getattr(page, "HOME_BLOCKS", ()), getattr(page, "FAMILY_BLOCKS", ()))
        held.add(getattr(page, "MENU", ()), *blocks)
    app.context_processor(_shared_with_templates)


def _shared_with_templates() -> dict[str, object]:
    """Return what every template may use; what costs something is a function."""
    return {
        "lang": formats.language(),
        "direction": languages.direction(),
        "language_links": languages.language_links,
        "current_sign_in": session.current_sign_in,
        "current_actor": current_actor,
        "may": lambda permission, area_path=None: current_actor().may(permission, area_path),
        "menu": lambda: [entry for entry in shell.shell().menu if entry.is_for(current_actor())],
        "is_demonstration": shell.is_demonstration,
        "campaign_in_hand": shell.campaign_in_hand,
        "campaign_name": shell.campaign_name,
        "has_endpoint": lambda endpoint: endpoint in current_app.view_functions,
        "now": lambda: dt.datetime.now(dt.UTC),
        "Permission": Permission,
        "Role": Role,
    }
