"""An installed wheel is the whole program: built, installed in a fresh environment and asked for pages."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from relief import config
from tests.architecture.source import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT], cwd=folder)
    (built,) = folder.glob("relief-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The programs of an environment with the wheel and the locked packages, and nothing of this checkout."""
    environment = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(environment, with_pip=True)
    pip = [environment / "bin" / "python", "-m", "pip", "install", "--quiet", "--no-compile", "--no-input"]
    run([*pip, "--require-hashes", "--requirement", ROOT / "requirements" / "runtime.txt"], cwd=environment)
    run([*pip, "--no-deps", wheel], cwd=environment)
    run([environment / "bin" / "python", "-m", "pip", "check"], cwd=environment)
    yield environment / "bin"
    shutil.rmtree(environment)  # 750 MB, and pytest would keep three of them.


def test_the_wheel_carries_pages_styles_facts_and_migrations(wheel: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    shipped = {
        f"relief/_assets/{folder.name}/{path.relative_to(folder)}"
        for folder in (config.TEMPLATES, config.STATIC, config.GEODATA)
        for path in folder.rglob("*")
        if path.is_file()
    }
    code = {str(path.relative_to(ROOT)) for path in (ROOT / "relief").rglob("*.py")}
    translations = {str(path.relative_to(ROOT)) for path in (ROOT / "relief").rglob("*.mo")}
    assert sorted((shipped | code | translations) - names) == []
    assert [name for name in names if not name.startswith(("relief/", "relief-"))] == []


def test_the_installed_program_serves_an_instance(installed: Path, tmp_path: Path):
    environment = {
        "PATH": f"{installed}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "RELIEF_INSTANCE": str(tmp_path / "instance"),
    }
    assert "geography" in run([installed / "relief", "--help"], cwd=tmp_path, env=environment)
    run([installed / "relief", "db", "upgrade"], cwd=tmp_path, env=environment)
    run([installed / "relief", "geography", "build"], cwd=tmp_path, env=environment)
    port = free_port()
    command = [installed / "flask", "--app", "relief.app", "run", "--port", str(port)]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        page = fetch(f"http://127.0.0.1:{port}/sign-in", server)
        (style,) = re.findall(r'href="(/static/dist/css/app-[^"]+\.css)"', page)
        assert "--pico" in fetch(f"http://127.0.0.1:{port}{style}", server)
    finally:
        server.terminate()
        server.wait()


def run(command: list[object], **options) -> str:
    """Run a program to its end and return what it printed; fail with its words."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def fetch(address: str, server: subprocess.Popen) -> str:
    """Return the text at an address, waiting for the server to start."""
    for _attempt in range(150):
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.read().decode()
        except urllib.error.URLError:
            time.sleep(0.2)
    pytest.fail(f"{address} does not answer")
