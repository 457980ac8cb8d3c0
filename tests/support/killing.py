"""The server as a process of its own, that a test kills as a power cut does."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from relief.config import Settings

_SERVE = (
    "import sys; from relief.cli.server import serve;"
    " serve('relief.app:create_app', host='127.0.0.1', port=int(sys.argv[1]), workers=1)"
)
SECONDS_TO_START = 60


class Mortal:
    """A server over one instance, always on the same port: started, killed and started again."""

    def __init__(self, settings: Settings) -> None:
        with socket.create_server(("127.0.0.1", 0)) as held:
            self.port = int(held.getsockname()[1])
        self._environment = os.environ | {
            "RELIEF_INSTANCE": str(settings.instance_path),
            "RELIEF_DATABASE_URL": settings.database_url,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-c", _SERVE, str(self.port)]
        # A session of its own: whatever it starts dies with it.
        self._process = subprocess.Popen(command, env=self._environment, start_new_session=True)
        ends_at = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < ends_at:
            assert self._process.poll() is None, "the server ended by itself"
            if self._is_open():
                return
            time.sleep(0.02)
        raise TimeoutError(self.port)

    def kill(self) -> None:
        """Kill it with all that it started, and return when the last of them has let go of the port."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
            while self._is_open():
                time.sleep(0.01)

    def _is_open(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True


@contextlib.contextmanager
def mortal(settings: Settings) -> Iterator[Mortal]:
    """A server that answers, and is gone at the end."""
    server = Mortal(settings)
    try:
        server.start()
        yield server
    finally:
        server.kill()
