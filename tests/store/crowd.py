"""Several threads at the same store."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from flask import current_app

SECONDS = 20


def all_at_once(deed: Callable[[int], Any], threads: int = 8) -> list[Any]:
    """Let each thread do it with its number, all from the same moment on; return what they answer, exceptions too."""
    app, gate = current_app._get_current_object(), threading.Barrier(threads)

    def run(number: int) -> Any:
        with app.app_context():
            gate.wait(SECONDS)
            try:
                return deed(number)
            except Exception as error:  # noqa: BLE001 - what came of it is what the test asks
                return error

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def beside(pool: ThreadPoolExecutor, deed: Callable[[], Any]) -> Future[Any]:
    """Let another thread do it while this one goes on."""
    app = current_app._get_current_object()

    def run() -> Any:
        with app.app_context():
            return deed()

    return pool.submit(run)


def until(is_so: Callable[[], bool]) -> None:
    """Wait for something another thread does."""
    deadline = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "what was waited for did not happen"
        time.sleep(0.002)
