"""Whether the server answers, and what it understands: as a document for programs and as a page for people."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint, APIFlask
from flask import current_app, jsonify, render_template

from relief.accounts.queries import is_any_user
from relief.api import models, problems
from relief.api.access import PHONES, Answer, for_everyone
from relief.api.document import refuses
from relief.api.explaining import paragraphs, sections_of
from relief.store.work import glancing

bp = APIBlueprint("api_service", __name__, url_prefix="/api/v1")

_HELD = "relief.api.document"


@bp.get("/health")
@bp.doc(tags=["Service"], operation_id="showHealth", responses=refuses(400))
@for_everyone
@bp.output(models.Health, description="It does.")
def health() -> models.Health:
    """Whether the server answers

    Who hears this is online: the server was reached, and it can read its database.
    """
    with glancing(PHONES) as work:
        is_any_user(work)  # Whatever it says: a server whose database is gone raises, and is no server to phones.
        return models.Health(status="ok", server_time=work.at)


@bp.get("/openapi.json")
@bp.doc(
    tags=["Service"], operation_id="showDocument",
    responses={
        **refuses(400),
        200: {"description": "OpenAPI 3.1.", "content": {"application/json": {"schema": {"type": "object"}}}},
    },
)  # fmt: skip
@for_everyone
def document() -> Answer:
    """This document"""
    return jsonify(_document())


@bp.get("/docs")
@bp.doc(hide=True)
@for_everyone
def docs() -> Answer:
    """Show the document as a page."""
    made = _document()
    return render_template(
        "api/docs.html",
        introduction=paragraphs(made["info"]["description"]),
        version=made["info"]["version"],
        sections=sections_of(made),
        kinds=problems.KINDS,
    )


def _document() -> dict[str, Any]:
    """Return the document, which is made once: the addresses are those that the application started with."""
    if _HELD not in current_app.extensions:
        assert isinstance(current_app, APIFlask)
        current_app.extensions[_HELD] = current_app.spec
    held: dict[str, Any] = current_app.extensions[_HELD]
    return held
