"""The locks pin every package by hash, agree with each other, and say nothing about where they were made."""

import re

import pytest
from packaging.requirements import Requirement

from tests.architecture.source import ROOT

LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
NPM_LOCKS = [ROOT / "package-lock.json", ROOT / "tests" / "support" / "chromium" / "package-lock.json"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]


def pins_in(text: str) -> list[str]:
    """Return the entries of a lock, each on one line."""
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip() and not line.startswith("#")]


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: path.stem)
def test_every_pin_has_a_version_and_hashes(path):
    loose = [line for line in pins_in(path.read_text()) if "==" not in line or "--hash=sha256:" not in line]
    assert loose == []


@pytest.mark.parametrize("path", LOCKS + NPM_LOCKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_lock_names_a_registry_or_a_folder(path):
    text = re.sub(r'"url": "[^"]*"', "", path.read_text())  # npm copies the address of a sponsors' page.
    assert re.findall(r".*(?:https?://|file:|--index|--find-links|\"resolved\").*", text) == []


@pytest.mark.parametrize("version", PYTHONS)
def test_locks_agree_on_every_supported_python(version):
    here = {"python_version": version, "python_full_version": f"{version}.0"}
    chosen: dict[str, set[str]] = {}
    for path in LOCKS:
        for line in pins_in(path.read_text()):
            pin = Requirement(line.split(" --hash")[0].strip())
            if pin.marker is None or pin.marker.evaluate(here):
                chosen.setdefault(pin.name, set()).add(str(pin.specifier))
    assert {name: versions for name, versions in chosen.items() if len(versions) > 1} == {}
    assert "numpy" in chosen
