import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(*words: str, port: int, **environment: str) -> Iterator[subprocess.Popen[str]]:
    server = subprocess.Popen(
        [sys.executable, "-m", "relief", "run", "--port", str(port), *words],
        stderr=subprocess.PIPE, text=True, env={**os.environ, **environment},
    )  # fmt: skip
    try:
        yield server
    finally:
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=30)


def get(port: int, path: str = "/healthz") -> str:
    for _attempt in range(300):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.read().decode()
        time.sleep(0.1)
    pytest.fail("the server does not answer")


def test_one_command_makes_an_instance_and_serves_it(tmp_path: Path):
    port, instance = free_port(), {"RELIEF_INSTANCE": str(tmp_path / "instance")}
    with running("--no-demo", port=port, **instance) as server:
        assert get(port) == "ok\n"
        page = get(port, "/sign-in")
        assert "Sign in" in page
        style = re.search(r'href="(/static/dist/css/app-[^"]+)"', page)[1]
        assert len(get(port, style)) > 10_000
        told = os.read(server.stderr.fileno(), 65536).decode()
    assert "Geography: building the schematic layer" in told
    assert f"Relief answers on  http://127.0.0.1:{port}" in told
    assert 'relief user add EMAIL --name "NAME" --role administrator --area PK7' in told


def test_a_taken_port_is_told_before_anything_is_made(tmp_path: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "relief", "run", "--port", str(port)],
            capture_output=True, text=True, env={**os.environ, "RELIEF_INSTANCE": str(tmp_path / "instance")}, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"Port {port} is in use. Choose another: relief run --port {port + 1}" in done.stderr
    assert not (tmp_path / "instance").exists()


def test_sqlite_is_served_by_one_process(tmp_path: Path):
    done = subprocess.run(
        [sys.executable, "-m", "relief", "run", "--port", str(free_port()), "--workers", "2"],
        capture_output=True, text=True, env={**os.environ, "RELIEF_INSTANCE": str(tmp_path / "instance")}, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "For more, use PostgreSQL." in done.stderr
