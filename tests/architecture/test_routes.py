"""Every route declares who may use it, changes nothing when it is only looked at, and carries no secret in its address."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from werkzeug.routing import AnyConverter, Rule
from werkzeug.test import TestResponse

from relief import api
from relief.api.access import access_of as access_of_api
from relief.web.access import access_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

# Addresses end up in logs and histories: what they name is an id or a code, never a person.
PERSONAL = re.compile(r"cnic|phone|name|email", re.IGNORECASE)
# A token's own public page: its address is the token's text, which logs mask.
OF_ITS_NATURE_SECRET = {"token_text"}


def is_of_api(rule: Rule) -> bool:
    return rule.rule.startswith(api.PREFIX)


def test_every_route_declares_who_may_use_it(app: Flask):
    silent = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if (access_of_api if is_of_api(rule) else access_of)(app.view_functions[rule.endpoint]) is None
    ]
    assert silent == []


def test_the_signed_out_are_sent_to_sign_in(app: Flask):
    app.config["WTF_CSRF_ENABLED"] = False  # The form token would refuse first; here the door itself is tried.
    closed = [rule for rule in app.url_map.iter_rules() if not is_of_api(rule) and not is_public(app, rule)]
    let_in = [
        f"{answer.request.method} {rule.rule}: {answer.status}"
        for rule, answer in answers_to_nobody(app, closed)
        if answer.status_code != 302 or "/sign-in" not in answer.headers["Location"]
    ]
    assert closed and let_in == []


def test_the_api_hears_only_what_a_phone_signed(app: Flask):
    closed = [rule for rule in app.url_map.iter_rules() if is_of_api(rule) and not is_public(app, rule)]
    let_in = [
        f"{answer.request.method} {rule.rule}: {answer.status}"
        for rule, answer in answers_to_nobody(app, closed)
        if (answer.status_code, answer.get_json(force=True)["code"]) != (401, "device.unsigned")
    ]
    assert closed and let_in == []


def is_public(app: Flask, rule: Rule) -> bool:
    view = app.view_functions[rule.endpoint]
    access = access_of(view) or access_of_api(view)
    return access is None or access.is_public


def answers_to_nobody(app: Flask, rules: list[Rule]) -> Iterator[tuple[Rule, TestResponse]]:
    """Yield what each route answers to somebody of whom nothing is known."""
    client = app.test_client()
    for rule in rules:
        _host, address = rule.build({name: anything_for(rule, name) for name in rule.arguments}, append_unknown=False)
        for method in sorted(rule.methods & {"GET", "POST"}):
            yield rule, client.open(address, method=method)


def test_addresses_name_no_person(app: Flask):
    named = [
        f"{rule.rule}: {argument}"
        for rule in app.url_map.iter_rules()
        for argument in rule.arguments
        if PERSONAL.search(argument) and argument not in OF_ITS_NATURE_SECRET
    ]
    assert named == []


def anything_for(rule: Rule, name: str) -> object:
    """Return a value that the rule takes as this part of its address."""
    converter = rule._converters[name]
    return next(iter(converter.items)) if isinstance(converter, AnyConverter) else 1
