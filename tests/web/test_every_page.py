"""Every page of a demonstration, as each kind of person finds it: no dead link, no fault, nobody kept out by its form."""

import datetime as dt
import re
from collections.abc import Iterator

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
from tests.support.crawling import crawl
from tests.support.serving import LiveServer, serving
from tests.support.watching import watched

PLAY = Play(families=1_000, seed=1, ending_on=dt.date(2022, 9, 26))
VISITORS = (None, *ACCOUNTS)
PHONE, OFFICE = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
# What a template left open, or a fault printed.
UNFINISHED = re.compile(r"%\(\w+\)s|\{\{|\{%|Traceback \(most recent|>nan<|Undefined")
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


@pytest.mark.parametrize("account", VISITORS, ids=lambda account: account.role if account else "public")
def test_no_link_is_dead_and_no_page_unfinished(demonstration: Flask, account: Account | None):
    client, wrong = client_of(demonstration, account), []

    def fetch(path: str, origin: str) -> str:
        answer = client.get(path, follow_redirects=True)
        if answer.status_code != 200:
            wrong.append(f"{path}, linked from {origin}: {answer.status}")
        text = answer.text if answer.mimetype == "text/html" else ""
        wrong.extend(f"{path}: {found}" for found in UNFINISHED.findall(text))
        return text

    kinds = {kind for kind, _path in crawl(demonstration, fetch)}
    assert not wrong, "\n".join(wrong)
    assert len(kinds) > (5 if account else 2), "the first page leads on to the work of this person"


@pytest.fixture(scope="module")
def server(demonstration: Flask) -> Iterator[LiveServer]:
    """The demonstration on a port."""
    with serving(demonstration) as served:
        yield served


def test_every_page_is_open_to_all_in_both_directions(demonstration: Flask, server: LiveServer, browser: Browser):
    seen: set[str] = set()
    problems: dict[str, str] = {}  # What is wrong, and the first page where it is.
    for account in VISITORS:
        with browser.new_context(base_url=server.url, locale="en-GB") as context:
            context.set_default_timeout(15_000)
            page = context.new_page()
            with watched(page, server.url):
                if account is not None:
                    sign_in(page, account)
                client = client_of(demonstration, account)

                def fetch(path: str, _origin: str = "", client: FlaskClient = client) -> str:
                    answer = client.get(path, follow_redirects=True)
                    return answer.text if answer.mimetype == "text/html" else ""

                for kind, path in crawl(demonstration, fetch):
                    view = kind.split()[0]
                    if view not in seen and fetch(path):
                        seen.add(view)
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
