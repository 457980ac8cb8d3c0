"""Areas and people that tests begin from, and browsers in which they are signed in."""

import datetime as dt
import itertools
from dataclasses import dataclass

from flask.testing import FlaskClient

from relief.accounts.model import RoleGrant, SignInSession, User
from relief.accounts.passwords import hash_password
from relief.accounts.queries import actor_of, hash_of_token
from relief.geography.facts import AreaFacts
from relief.geography.model import Area, Level
from relief.geography.queries import find_area_by_code
from relief.geography.registry import put_areas
from relief.kernel.actor import Actor
from relief.kernel.permissions import Role
from relief.store.work import Work, reading, unit_of_work

AT = dt.datetime(2022, 9, 5, 6, 30, tzinfo=dt.UTC)
SYSTEM = Actor.system("tests")
PASSWORD = "river goat lamp tin"
# Argon2id takes its time by design: once for all tests is enough.
_PASSWORD_HASH = hash_password(PASSWORD)
_numbers = itertools.count(1)

_AREAS = (
    AreaFacts("PK7", Level.PROVINCE, None, "Sindh", "سندھ", "سنڌ"),
    AreaFacts("PK703", Level.DISTRICT, "PK7", "Dadu", "دادو", "دادو"),
    AreaFacts("PK712", Level.DISTRICT, "PK7", "Khairpur", "خیرپور", "خيرپور"),
    AreaFacts("PK70304", Level.TALUKA, "PK703", "Mehar", "میہڑ", "ميهڙ"),
    AreaFacts("PK70304U14", Level.UC, "PK70304", "Fareedabad", "فریدآباد", "فريدآباد"),
)


@dataclass(frozen=True)
class Areas:
    """Five areas: a province, two districts, and down to one UC."""

    sindh: Area
    dadu: Area
    khairpur: Area
    mehar: Area
    uc: Area


def put_five_areas(work: Work) -> Areas:
    """Make the areas, or find them where they are; return them."""
    if find_area_by_code(work, "PK7") is None:
        put_areas(work, _AREAS)
    found = {area.code: area for area in work.session.query(Area)}
    return Areas(found["PK7"], found["PK703"], found["PK712"], found["PK70304"], found["PK70304U14"])


def add_person(work: Work, role: Role | None, area: Area | None = None, *, name: str = "Ayesha Soomro") -> User:
    """Make an account with PASSWORD, and a grant if a role is named."""
    user = User(
        email=f"person{next(_numbers)}@relief.example", name=name, password_hash=_PASSWORD_HASH, must_change_password=False,
        stamp=f"stamp {next(_numbers)} of tests", counts_in_lakhs=False, added_at=AT, added_by=0,
    )  # fmt: skip
    work.session.add(user)
    work.session.flush()
    if role is not None and area is not None:
        work.session.add(RoleGrant(user_id=user.id, role=role, area_id=area.id, granted_by=0, granted_at=AT))
        work.session.flush()
    return user


def actor_for(user: User) -> Actor:
    """The person as an actor, as a request would make it."""
    with reading(SYSTEM) as work:
        return actor_of(work, user.id)


def sign_in(client: FlaskClient, user: User, *, at: dt.datetime | None = None) -> None:
    """Sign the browser in without the form: the row and the cookie."""
    token = f"token {next(_numbers)} of tests".replace(" ", "-")
    with client.application.app_context(), unit_of_work(SYSTEM, at=at) as work:
        work.session.add(
            SignInSession(
                token_hash=hash_of_token(token), user_id=user.id, started_at=work.at, seen_at=work.at,
                expires_at=work.at + dt.timedelta(days=1), device="Chrome, Android", address_index=b"0" * 16,
            )
        )  # fmt: skip
    client.set_cookie(client.application.config["SIGN_IN_COOKIE_NAME"], token)
