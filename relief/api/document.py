"""The OpenAPI document: what is true of every address, beside what the views declare of themselves."""

from __future__ import annotations

from typing import Any

from relief.api import problems
from relief.api.models import ProblemDocument

VERSION = "1"
TAGS: list[dict[str, str]] = [
    {"name": "Service", "description": "Whether the server answers, and what it understands."},
    {"name": "Devices", "description": "Phones that work offline, and the people who work on them."},
    {"name": "Sync", "description": "What a phone takes along, and what it brings back."},
]
DESCRIPTION = """\
What phones at distribution points and the server say to each other.

Bodies are JSON and may be packed with gzip; answers are JSON, never kept by caches. `base64url` is written without padding, \
instants are UTC with milliseconds.

A phone makes an Ed25519 key pair of its own and signs every request after its enrolment. It sends four headers: `Relief-Device`, \
its id; `Relief-Time`, its clock; `Relief-Nonce`, 16 random bytes; and `Relief-Signature` over these lines, joined by line feeds:

    relief request 1
    POST /api/v1/sync/batches
    2022-09-20T06:00:00.000Z
    AAECAwQFBgcICQoLDA0ODw
    (SHA-256 of the body before it is packed, in hex)

No cookie is looked at. A wrong clock is no reason to refuse, and everything may be sent again: it has its effect once.
"""
_HEADERS = {
    "device": ("Relief-Device", "The id of the phone."),
    "time": ("Relief-Time", "The phone's clock: `2022-09-20T06:00:00.000Z`."),
    "nonce": ("Relief-Nonce", "16 random bytes, base64url."),
    "signature": ("Relief-Signature", "Ed25519 over method, path, time, nonce and body, base64url."),
}
SIGNED: list[str | dict[str, list[Any]]] = [{name: [] for name in _HEADERS}]
SETTINGS: dict[str, Any] = {
    "OPENAPI_VERSION": "3.1.0",
    "DESCRIPTION": DESCRIPTION,
    "LICENSE": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
    # Not the host of whoever asks first: the document is made once.
    "SERVERS": [{"url": "/"}],
    "TAGS": TAGS,
    "SECURITY_SCHEMES": {
        name: {"type": "apiKey", "in": "header", "name": header, "description": text}
        for name, (header, text) in _HEADERS.items()
    },
    "AUTO_TAGS": False,
    "AUTO_200_RESPONSE": False,
    "AUTO_404_RESPONSE": False,
    "AUTO_AUTH_ERROR_RESPONSE": False,
    "AUTO_VALIDATION_ERROR_RESPONSE": False,
}
_PROBLEM = "Problem"


def refuses(*statuses: int) -> dict[int | str, Any]:
    """Return what the document says of the problems with these statuses; a fault is possible everywhere."""
    content = {problems.MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{_PROBLEM}"}}}
    return {status: {"description": problems.KINDS[status].title, "content": content} for status in (*statuses, 500)}


def complete(document: dict[str, Any] | str) -> dict[str, Any]:
    """Return the document with what no view declares: the shape of problems, and that bodies are needed."""
    assert isinstance(document, dict), "it is asked for as JSON"
    reference = f"#/components/schemas/{_PROBLEM}.{{model}}"
    schema = ProblemDocument.model_json_schema(ref_template=reference)
    schemas = document["components"].setdefault("schemas", {})
    schemas |= {f"{_PROBLEM}.{name}": nested for name, nested in schema.pop("$defs", {}).items()}
    schemas[_PROBLEM] = schema
    for operations in document["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
    return document
