import pytest
from flask import Flask
from flask.testing import FlaskClient

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def shown(client: FlaskClient, path: str = "/sign-in", **headers: str) -> str:
    return client.get(path, headers=headers).text


def test_the_browser_says_which_language_is_understood(client: FlaskClient):
    assert '<html lang="en" dir="ltr">' in shown(client)
    assert '<html lang="ur" dir="rtl">' in shown(client, **{"Accept-Language": "ur-PK,en;q=0.5"})
    assert '<html lang="sd" dir="rtl">' in shown(client, **{"Accept-Language": "sd"})
    assert '<html lang="en" dir="ltr">' in shown(client, **{"Accept-Language": "fr"})


def test_a_choice_stands_above_the_browser_and_is_remembered(client: FlaskClient):
    assert '<html lang="sd" dir="rtl">' in shown(client, "/sign-in?lang=sd", **{"Accept-Language": "en"})
    assert '<html lang="sd" dir="rtl">' in shown(client, **{"Accept-Language": "en"})


def test_an_unknown_language_is_no_choice(client: FlaskClient):
    assert '<html lang="en" dir="ltr">' in shown(client, "/sign-in?lang=fr")
    client.set_cookie("relief_language", "../../etc")
    assert '<html lang="en" dir="ltr">' in shown(client)


def test_the_switch_keeps_the_rest_of_the_address(client: FlaskClient):
    page = shown(client, "/sign-in?next=/users/?q%3Da%26b&lang=ur")
    assert 'href="/sign-in?next=%2Fusers%2F%3Fq%3Da%26b&amp;lang=sd"' in page


@pytest.mark.parametrize("language", ["ur", "sd"])
def test_what_the_public_sees_is_translated(app: Flask, client: FlaskClient, language: str):
    for path, english in (("/", "You hold a token"), ("/sign-in", "Password"), ("/nothing", "Not found")):
        assert english in shown(client, f"{path}?lang=en")
        assert english not in shown(client, f"{path}?lang={language}")
