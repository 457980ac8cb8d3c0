"""Following links as a visitor does: every kind of page once or twice, from the first one on."""

import html
import re
from collections import Counter, deque
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urljoin, urlsplit

from flask import Flask
from werkzeug.exceptions import HTTPException

LINK = re.compile(r"""<a\b[^>]*?\shref="([^"#]+)""")
VISITS_A_KIND = 2


def crawl(app: Flask, fetch: Callable[[str, str], str], start: str = "/") -> Iterator[tuple[str, str]]:
    """Yield (kind, path) of each page reached from the start.

    `fetch` is given a path and the page that links to it, and returns its HTML, "" for what is none.

    Pages are of one kind if they are answered by the same view with the same names of parameters.
    """
    waiting, known, visits = deque([(start, "")]), {start}, Counter()
    while waiting:
        path, origin = waiting.popleft()
        kind = kind_of(app, path)
        if kind is None or visits[kind] >= VISITS_A_KIND:
            continue
        visits[kind] += 1
        yield kind, path
        for link in LINK.findall(fetch(path, origin)):
            target = urlsplit(urljoin(path, html.unescape(link)))
            address = target.path + (f"?{target.query}" if target.query else "")
            if not target.netloc and target.scheme in ("", "http") and address not in known:
                known.add(address)
                waiting.append((address, path))


def kind_of(app: Flask, path: str) -> str | None:
    """Return the view and the parameters' names of a path, None for one that no view answers or that changes language."""
    parts = urlsplit(path)
    names = sorted({name for name, _value in parse_qsl(parts.query)})
    if "lang" in names or parts.path.startswith("/static/"):
        return None
    try:
        endpoint, _values = app.url_map.bind("").match(parts.path)
    except HTTPException:
        return f"nothing at {parts.path}"
    return " ".join([endpoint, *names])
