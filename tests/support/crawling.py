"""Following links as a visitor does: every kind of page a few times, from the first one on."""

import html
import re
from collections import Counter, deque
from collections.abc import Callable
from urllib.parse import parse_qsl, urljoin, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException

LINK = re.compile(r"""<a\b[^>]*?\shref="([^"#]+)""")
VISITS_A_VIEW = 3


def crawl(app: Flask, fetch: Callable[[str, str], str], start: str = "/") -> None:
    """Visit what links lead to from the start on, each view a few times with other parameters.

    `fetch` is given a path and the page that links to it, and returns its HTML, "" for what is none.
    """
    waiting, known, visits = deque([(start, "")]), {start}, Counter()
    while waiting:
        path, origin = waiting.popleft()
        view = view_of(app, path)
        if view is None or visits[view] >= VISITS_A_VIEW:
            continue
        visits[view] += 1
        for link in LINK.findall(fetch(path, origin)):
            target = urlsplit(urljoin(path, html.unescape(link)))
            address = target.path + (f"?{target.query}" if target.query else "")
            if not target.netloc and target.scheme in ("", "http") and address not in known:
                known.add(address)
                waiting.append((address, path))


def view_of(app: Flask, path: str) -> str | None:
    """Return the view that answers a path, None for built files and for the same page in another language."""
    parts = urlsplit(path)
    if "lang" in dict(parse_qsl(parts.query)) or parts.path.startswith("/static/"):
        return None
    try:
        endpoint, _values = app.url_map.bind("").match(parts.path)
    except HTTPException:
        return f"nothing at {parts.path}"
    return str(endpoint)
