"""Bodies of requests: plain or packed with gzip, never larger than the limit, read and hashed once."""

from __future__ import annotations

import hashlib
import zlib

from apiflask.schema_adapters import registry
from apiflask.schema_adapters.pydantic import PydanticAdapter
from flask import g, request
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from relief.api.problems import LARGEST_BODY
from relief.kernel.errors import InvalidInput, Problem
from relief.kernel.messages import N_

_GZIP = 16 + zlib.MAX_WBITS
# Who sends a list of wrong things learns enough from these.
_MOST_TOLD = 50
_MISSING = N_("This is missing.")
_WRONG_KIND = N_("This is not of the right kind, such as a number in place of a text.")
_TOO_MUCH = N_("This is too long, too large or too many.")
_WRONG_FORM = N_("This is not in the right form.")


def body() -> bytes:
    """Return the body of this request as it was before it was packed.

    Raises: InvalidInput "body.cut", RequestEntityTooLarge, UnsupportedMediaType.
    """
    if "body" not in g:
        g.body = _read()
    held: bytes = g.body
    return held


def body_digest() -> bytes:
    """Return the SHA-256 of the body as it was before it was packed."""
    return hashlib.sha256(body()).digest()


def _read() -> bytes:
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise UnsupportedMediaType
    request.max_content_length = LARGEST_BODY
    sent = request.get_data(cache=False)
    return sent if encoding == "identity" else _unpacked(sent)


def _unpacked(packed: bytes) -> bytes:
    """Return what was packed; no more of it than the limit is ever unpacked."""
    unpacking = zlib.decompressobj(_GZIP)
    try:
        plain = unpacking.decompress(packed, LARGEST_BODY + 1)
    except zlib.error:
        raise _cut() from None
    if len(plain) > LARGEST_BODY:
        raise RequestEntityTooLarge
    if not unpacking.eof or unpacking.unused_data:
        raise _cut()
    return plain


def _cut() -> InvalidInput:
    return InvalidInput("body.cut", N_("What arrived was cut off or damaged on the way. Send it again."))


class BodyAdapter(PydanticAdapter):
    """Reads models from bodies by pydantic's own parser of JSON.

    APIFlask would go through `json.loads`, which lets NaN and half characters pass and falls over deep nesting.
    """

    def validate_input(self, request: object, location: str, **kwargs: object) -> BaseModel:
        """Return the model. Raises: InvalidInput "input.invalid" with a problem for each of the first fields that are wrong."""
        assert location == "json", "nothing else is read through models"
        try:
            return self.model_class.model_validate_json(body())
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            raise InvalidInput.of([_problem(wrong["loc"], wrong["type"]) for wrong in found[:_MOST_TOLD]]) from None


def _problem(place: tuple[int | str, ...], kind: str) -> Problem:
    """Return what is wrong with a field; what stood in it is not repeated, it may be a password."""
    field = ".".join(str(part) for part in place)
    if kind == "missing":
        return Problem(field, "field.missing", _MISSING)
    if kind.endswith(("_type", "_parsing")):
        return Problem(field, "field.wrong_kind", _WRONG_KIND)
    if kind.startswith(("too_long", "less_than", "string_too_long")):
        return Problem(field, "field.too_much", _TOO_MUCH)
    return Problem(field, "field.wrong_form", _WRONG_FORM)


registry.register("pydantic", BodyAdapter)
