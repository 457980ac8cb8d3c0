"""The application on a port, for browsers and for clients that come at the same time."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server


@dataclass(frozen=True)
class LiveServer:
    """A server that answers at `url` until the test ends."""

    app: Flask
    url: str


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_args: object) -> None:
        """Say nothing of requests that went well."""


@contextlib.contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[LiveServer]:
    """Serve on a free port of the loopback address, or on the one named; each request in a thread of its own."""
    server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)  # Looks up that often to stop.
    thread.start()
    try:
        yield LiveServer(app, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
