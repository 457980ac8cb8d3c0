"""Nothing that Relief needs at run time comes under the GPL or AGPL, which would bind whoever builds on it."""

import json
import re
from importlib.metadata import Distribution, distribution

import pytest
from packaging.requirements import Requirement

from tests.architecture.source import ROOT

# "LGPL" and "GNU Lesser General Public License" may be linked to; "GCC-exception" is the compiler's own runtime.
COPYLEFT = re.compile(r"\bA?GPL|(?<!Lesser )(?<!Library or Lesser )General Public Licen[sc]e|Affero", re.IGNORECASE)
ALLOWED = re.compile(r"\bLGPL[\w.+-]*|GPL-3\.0-(only|or-later)( WITH |-with-)GCC-exception-3\.1", re.IGNORECASE)


def runtime_requirements() -> list[str]:
    """Return the names of the packages that the runtime lock installs on this machine."""
    lock = (ROOT / "requirements" / "runtime.txt").read_text().replace("\\\n", " ")
    lines = [line.split(" --hash")[0].strip() for line in lock.splitlines()]
    needed = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return [one.name for one in needed if one.marker is None or one.marker.evaluate()]


def licence_of(package: Distribution) -> str:
    """Return what a package says of its licence; long texts are cut, they quote other licences."""
    metadata = package.metadata
    classifiers = [line for line in metadata.get_all("Classifier") or [] if line.startswith("License ::")]
    stated = metadata.get("License-Expression") or (metadata.get("License") or "").strip().splitlines()[:1]
    return " / ".join([stated if isinstance(stated, str) else "".join(stated), *classifiers])


def binds(licence: str) -> bool:
    """Return whether every licence on offer is the GPL or AGPL."""
    return all(COPYLEFT.search(ALLOWED.sub("", choice)) for choice in licence.split(" OR "))


@pytest.mark.parametrize(
    ("licence", "expected"),
    [
        ("GPL-3.0-only", True),
        ("AGPL-3.0-or-later", True),
        ("License :: OSI Approved :: GNU General Public License v3 (GPLv3)", True),
        ("License :: OSI Approved :: GNU Affero General Public License v3", True),
        ("MIT AND GPL-2.0-or-later", True),
        ("MIT OR GPL-2.0-or-later", False),
        ("LGPL-3.0-only", False),
        ("License :: OSI Approved :: GNU Lesser General Public License v2 or later (LGPLv2+)", False),
        ("BSD-3-Clause AND GPL-3.0-or-later WITH GCC-exception-3.1", False),
    ],
)
def test_the_test_knows_the_gpl(licence: str, expected: bool):
    assert binds(licence) is expected


@pytest.mark.parametrize("name", runtime_requirements())
def test_no_runtime_package_is_under_the_gpl(name: str):
    licence = licence_of(distribution(name))
    assert licence, f"{name} does not state its licence: look it up and decide"
    assert not binds(licence), f"{name}: {licence}"


def test_no_front_end_package_is_under_the_gpl():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    licences = {path: package.get("license", "") for path, package in packages.items()}
    assert [path for path, licence in licences.items() if not licence or binds(licence)] == []
