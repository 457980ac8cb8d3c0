"""Settings from the environment: what one laptop needs is the default, and what cannot work is refused."""

from pathlib import Path

import pytest

from relief.config import GEODATA, STATIC, TEMPLATES, Settings
from relief.kernel.errors import InvalidInput


def test_without_any_variable_one_laptop_is_served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    instance = tmp_path / "instance"
    for environ in ({}, dict.fromkeys(("RELIEF_INSTANCE", "RELIEF_DATABASE_URL", "RELIEF_PUBLIC_ADDRESS"), "")):
        assert Settings.load(environ) == Settings(instance, f"sqlite:///{instance / 'relief.sqlite3'}", None, False)


def test_two_instances_share_nothing():
    one, other = (Settings.load({"RELIEF_INSTANCE": f"/srv/{name}"}) for name in ("sindh", "punjab"))
    assert one.instance_path != other.instance_path
    assert one.database_url != other.database_url
    assert one.keys_path != other.keys_path


def test_the_keyring_lies_apart_from_the_database():
    settings = Settings.load({"RELIEF_INSTANCE": "/srv/relief", "RELIEF_DATABASE_URL": "postgresql://db/relief"})
    assert settings.keys_path == Path("/srv/relief/keys")


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@h/relief", "postgresql+psycopg://u:p@h/relief"),
        ("postgresql://u:p@h/relief?sslmode=require", "postgresql+psycopg://u:p@h/relief?sslmode=require"),
        ("postgresql+psycopg://u:p@h/relief", "postgresql+psycopg://u:p@h/relief"),
        ("sqlite:////srv/relief.sqlite3", "sqlite:////srv/relief.sqlite3"),
    ],
)
def test_every_usual_spelling_of_an_address_leads_to_the_installed_driver(given: str, used: str):
    assert Settings.load({"RELIEF_DATABASE_URL": given}).database_url == used


@pytest.mark.parametrize(
    "url", ["mysql://h/relief", "postgresql+psycopg2://h/relief", "relief.sqlite3", "sqlite://", "oracle:x"]
)
def test_another_database_is_refused(url: str):
    with pytest.raises(InvalidInput) as refusal:
        Settings.load({"RELIEF_DATABASE_URL": url})
    assert refusal.value.code == "settings.bad_database_url"
    assert "/relief" not in str(refusal.value)  # The rest of an address may hold a password.


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("relief.example.org", "relief.example.org"),
        ("https://relief.example.org/", "relief.example.org"),
        ("https://192.168.1.5:8443", "192.168.1.5:8443"),
        ("", None),
        ("https://", None),
    ],
)
def test_the_public_address_is_a_host_alone(given: str, address: str | None):
    assert Settings.load({"RELIEF_PUBLIC_ADDRESS": given}).public_address == address


@pytest.mark.parametrize(
    ("given", "is_behind"), [("1", True), ("true", True), ("yes", True), ("", False), ("0", False), ("no", False), ("false", False)]
)  # fmt: skip
def test_a_proxy_is_believed_only_where_one_is_named(given: str, is_behind: bool):
    assert Settings.load({"RELIEF_BEHIND_PROXY": given}).behind_proxy is is_behind


def test_the_shipped_files_are_found():
    assert all(folder.is_dir() for folder in (TEMPLATES, STATIC, GEODATA))
