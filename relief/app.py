"""The application factory: one application is one instance, with its settings, keyring, database and pages."""

from __future__ import annotations

import gc
import os
import shutil
from typing import Any

from apiflask import APIFlask
from flask import Flask
from flask.typing import ResponseReturnValue
from sqlalchemy import inspect, select
from werkzeug.middleware.proxy_fix import ProxyFix

from relief import api, web
from relief.accounts.model import User
from relief.config import TEMPLATES, Settings
from relief.keys import Keyring
from relief.store.db import Store
from relief.web.formats import label
from relief.web.security import csrf

# Files of 190,000 families are about 60 MB.
LARGEST_REQUEST = 128 * 2**20
LARGEST_FORM = 2 * 2**20


class Relief(APIFlask):
    """APIFlask with two faces, each of which words its own errors; its log does not repeat addresses, which may hold tokens."""

    def handle_user_exception(self, e: Exception) -> ResponseReturnValue:
        """Answer an error of the API with a problem document, also where no address was found; any other with a page."""
        return api.answer_error(e) if api.is_asked() else super().handle_user_exception(e)

    def log_exception(self, exc_info: Any) -> None:
        """Log the fault without the address at which it happened."""
        self.logger.error("Fault outside every view", exc_info=exc_info)


def create_app(settings: Settings | None = None) -> Flask:
    """Return the application of the instance that the settings, or the environment, describe."""
    settings = settings or Settings.load(os.environ)
    has_keys = settings.keys_path.exists()
    keys = Keyring.create(settings.keys_path)
    app = Relief(
        "relief", title="Relief API", version=api.VERSION, spec_path=None, docs_path=None, json_errors=False,
        template_folder=str(TEMPLATES), static_folder=None,  # type: ignore[arg-type]  # Flask takes None: WhiteNoise serves.
        instance_path=str(settings.instance_path),
    )  # fmt: skip
    app.config.update(
        SECRET_KEY=keys.tag(b"signed cookies", "secret"),
        # Two instances on one machine share a host name, and browsers tell cookies apart by name only.
        SESSION_COOKIE_NAME=f"relief_{_mark(keys)}",
        SIGN_IN_COOKIE_NAME=f"relief_sign_in_{_mark(keys)}",
        SESSION_COOKIE_SECURE=settings.behind_proxy,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        MAX_FORM_PARTS=5_000,
        OWN_HOSTS=_own_hosts(settings),
    )
    app.extensions["relief.settings"] = settings
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    store = Store(app, settings.database_url, keys)
    if not has_keys:
        _refuse_new_keys_for_old_data(store, settings)
    web.register(app)
    api.register(app, label)
    for bp in api.BLUEPRINTS:
        csrf.exempt(bp)  # Phones sign what they send, and no cookie is looked at that another site could use.
    if settings.behind_proxy:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1)  # type: ignore[method-assign]
    return app


def create_served_app() -> Flask:
    """Return the application of the environment for a server's worker, its memory set for a long run."""
    app = create_app()
    settle_memory()
    return app


def settle_memory() -> None:
    """Take what was made on starting out of the garbage collector's rounds: it stays to the end.

    A round that walked over all of it again took a tenth of a second, in the middle of somebody's request.
    """
    gc.collect()
    gc.freeze()


def _refuse_new_keys_for_old_data(store: Store, settings: Settings) -> None:
    """Refuse to go on with a fresh keyring over a filled database: its CNICs would stay unreadable, and in two halves.

    Raises: NotFound "keys.missing".
    """
    if inspect(store.engine).has_table(User.__tablename__):
        with store.engine.connect() as connection:
            is_filled = connection.execute(select(User.id).limit(1)).first() is not None
        if is_filled:
            shutil.rmtree(settings.keys_path)
            Keyring.open(settings.keys_path)


def _own_hosts(settings: Settings) -> frozenset[str]:
    own = {"localhost"}
    if settings.public_address:
        own.add(settings.public_address.rsplit(":", 1)[0])
    return frozenset(own)


def _mark(keys: Keyring) -> str:
    return keys.tag(b"cookie names", "instance").hex()[:8]
