"""Every page of a demonstration, as each kind of person finds it: no dead link, no fault, nobody kept out by its form."""

import datetime as dt
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page

from relief.app import create_app
from relief.cli.demo import load_demonstration
from relief.cli.demonstration.people import ACCOUNTS, Account
from relief.cli.demonstration.script import Play
from relief.config import Settings
from relief.store.db import store
from relief.store.migrations import upgrade
from tests.support.axe import barriers_on
from tests.support.crawling import crawl, view_of
from tests.support.serving import serving
from tests.support.watching import watched

PLAY = Play(families=300, seed=1, ending_on=dt.date(2022, 9, 26))
VISITORS = (None, *ACCOUNTS)
PHONE, OFFICE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
# What a template left open, or a fault printed.
UNFINISHED = re.compile(r"%\(\w+\)s|\{\{|\{%|Traceback \(most recent|>nan<|Undefined")
# Texts that a script fills in itself.
FOR_SCRIPTS = re.compile(r'<script type="application/json".*?</script>', re.DOTALL)
OVERFLOW = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An instance with a small demonstration in it."""
    folder = tmp_path_factory.mktemp("demonstration")
    app = create_app(Settings.load({"RELIEF_INSTANCE": str(folder / "instance")}))
    with app.app_context():
        upgrade(store())
        load_demonstration(PLAY)
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield app
    app.extensions["relief.store"].close()


def client_of(app: Flask, account: Account | None) -> FlaskClient:
    """Return a browser without script in which somebody, or nobody, is signed in."""
    client = app.test_client()
    if account is None:
        return client
    form_token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)[1]
    answer = client.post(
        "/sign-in", data={"email": account.email, "password": account.password, "csrf_token": form_token}
    )
    assert answer.status_code == 302, answer.text
    return client


@dataclass
class Walk:
    """What one visitor met: the first page of each view, and what was wrong."""

    pages: dict[str, str] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def walk_of(demonstration: Flask) -> Callable[[Account | None], Walk]:
    """The walk of a visitor over every page that links lead to, made once."""

    @functools.cache
    def walk_of(account: Account | None) -> Walk:
        client, walk = client_of(demonstration, account), Walk()

        def fetch(path: str, origin: str) -> str:
            with client.get(path, follow_redirects=True) as answer:
                if answer.status_code != 200:
                    walk.wrong.append(f"{path}, linked from {origin}: {answer.status}")
                if answer.mimetype != "text/html":
                    return ""
                walk.pages.setdefault(str(view_of(demonstration, path)), path)
                walk.wrong.extend(f"{path}: {found}" for found in UNFINISHED.findall(FOR_SCRIPTS.sub("", answer.text)))
                return answer.text

        crawl(demonstration, fetch)
        return walk

    return walk_of


@pytest.mark.parametrize("account", VISITORS, ids=lambda account: account.role if account else "public")
def test_no_link_is_dead_and_no_page_unfinished(walk_of: Callable[..., Walk], account: Account | None):
    walk = walk_of(account)
    assert not walk.wrong, "\n".join(walk.wrong)
    assert len(walk.pages) > (5 if account else 1), "the first page leads on to the work of this person"


def test_every_page_is_open_to_all_in_both_directions(demonstration: Flask, walk_of, browser: Browser):
    seen: set[str] = set()
    problems: dict[str, str] = {}  # What is wrong, and the first page where it is.
    with serving(demonstration) as server:
        for account in VISITORS:
            new = {view: path for view, path in walk_of(account).pages.items() if view not in seen}
            seen |= new.keys()
            with browser.new_context(base_url=server.url, locale="en-GB") as context:
                page = context.new_page()
                with watched(page, server.url):
                    if account is not None:
                        sign_in(page, account)
                    for path in new.values():
                        for problem in look_at(page, path):
                            problems.setdefault(problem, path)
    assert not problems, "\n".join(f"{path}: {problem}" for problem, path in problems.items())


def sign_in(page: Page, account: Account) -> None:
    """Sign in as a person does."""
    page.goto("/sign-in")
    page.fill("[name=email]", account.email)
    page.fill("[name=password]", account.password)
    page.click("main [type=submit]")
    page.wait_for_url("**/")


def look_at(page: Page, path: str) -> list[str]:
    """Return what is wrong with a page in an office in English and on a phone in Urdu."""
    problems = []
    for language, size in (("en", OFFICE), ("ur", PHONE)):
        page.set_viewport_size(size)
        page.goto(f"{path}{'&' if '?' in path else '?'}lang={language}")
        problems += [f"({language}) {barrier}" for barrier in barriers_on(page)]
        if (too_wide := page.evaluate(OVERFLOW)) > 0:
            problems.append(f"({language}) {too_wide} px wider than the window")
    return problems
