"""What the desk's redemption is held against: endpoints that only check a signature, and the plain Flask-SQLAlchemy way.

The plain way does the same work (look the token up, refuse a second time, write hand-over, lines, stock, ledger and trail)
with one ORM object a row and the extension's defaults, as a careful beginner would.
"""

import hashlib
import os

from flask import Flask, Response, request
from flask_sqlalchemy import SQLAlchemy
from nacl.signing import VerifyKey
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from relief.app import create_served_app
from relief.kernel.permissions import Permission
from relief.papers.rt1 import Token, parse_text, verify
from relief.web.access import needs

LINES = 3


class Base(DeclarativeBase):
    """The plain tables."""


db = SQLAlchemy(model_class=Base)


class PlainToken(db.Model):
    """A token and whether it is spent."""

    id: Mapped[int] = mapped_column(primary_key=True)
    serial: Mapped[int] = mapped_column(unique=True)
    is_spent: Mapped[bool] = mapped_column(default=False)


class PlainStock(db.Model):
    """Goods at a point."""

    id: Mapped[int] = mapped_column(primary_key=True)
    quantity: Mapped[int]


class PlainHandOver(db.Model):
    """A hand-over."""

    id: Mapped[int] = mapped_column(primary_key=True)
    token_id: Mapped[int] = mapped_column(ForeignKey(PlainToken.id), unique=True)


class PlainLine(db.Model):
    """A line of it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    hand_over_id: Mapped[int] = mapped_column(ForeignKey(PlainHandOver.id))
    amount: Mapped[int]


class PlainPosting(db.Model):
    """A posting of it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    hand_over_id: Mapped[int] = mapped_column(ForeignKey(PlainHandOver.id))
    amount: Mapped[int]


class PlainEntry(db.Model):
    """An entry in the trail."""

    id: Mapped[int] = mapped_column(primary_key=True)
    entry_hash: Mapped[str]


def create() -> Flask:
    """Return the application for granian; the environment says which database and key."""
    app = Flask("peers")
    app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["PEERS_DATABASE"]
    key = VerifyKey(bytes.fromhex(os.environ["PEERS_KEY"]))
    db.init_app(app)

    @app.post("/signature")
    def signature() -> Response:
        verify(Token.unpack(parse_text(request.form["text"])), key)
        return Response("ok")

    @app.post("/plain")
    def plain() -> Response:
        body = verify(Token.unpack(parse_text(request.form["text"])), key)
        return Response("given") if _redeem(body.serial) else Response("spent", status=409)

    return app


def create_desk() -> Flask:
    """Return Relief itself with one page more, which knows who asks, holds the form to its token, and checks the signature."""
    app = create_served_app()
    key = VerifyKey(bytes.fromhex(os.environ["PEERS_KEY"]))

    @app.post("/bench/signature")
    @needs(Permission.HAND_OVER)
    def signature() -> str:
        verify(Token.unpack(parse_text(request.form["text"])), key)
        return "ok"

    return app


def fill(app: Flask, serials: list[int]) -> None:
    """Make the plain tables and their tokens."""
    with app.app_context():
        db.create_all()
        db.session.execute(db.insert(PlainToken), [{"serial": serial, "is_spent": False} for serial in serials])
        db.session.execute(db.insert(PlainStock), [{"id": n + 1, "quantity": 10**6} for n in range(LINES)])
        db.session.commit()


def _redeem(serial: int) -> bool:
    token = db.session.scalars(select(PlainToken).where(PlainToken.serial == serial)).one()
    if token.is_spent:
        return False
    token.is_spent = True
    hand_over = PlainHandOver(token_id=token.id)
    db.session.add(hand_over)
    db.session.flush()
    for n in range(LINES):
        stock = db.session.get_one(PlainStock, n + 1)
        stock.quantity = stock.quantity - 1
        db.session.add(PlainLine(hand_over_id=hand_over.id, amount=1))
        db.session.add(PlainPosting(hand_over_id=hand_over.id, amount=1))
    last = db.session.scalars(select(PlainEntry).order_by(PlainEntry.id.desc()).limit(1)).first()
    previous = last.entry_hash if last else ""
    db.session.add(PlainEntry(entry_hash=hashlib.sha256(f"{previous}{serial}".encode()).hexdigest()))
    db.session.commit()
    return True
