"""The OpenAPI document as people read it: addresses by section, bodies as tables of fields, examples as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

_CODE = re.compile(r"`([^`]+)`")
_LIMITS = {
    "minLength": "at least {} characters", "maxLength": "at most {} characters", "maxItems": "at most {}",
    "maxProperties": "at most {}", "minimum": "from {}", "maximum": "to {}",
}  # fmt: skip

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A line of a body's table; `name` is a path such as `events[].id`."""

    name: str
    kind: str
    limits: str
    pattern: str
    is_required: bool
    text: Markup


@dataclass(frozen=True, slots=True)
class Body:
    """What a request or an answer carries."""

    media_type: str
    fields: list[Field]
    example: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer by its status."""

    status: str
    text: str
    body: Body | None

    @property
    def is_problem(self) -> bool:
        """Whether it is a refusal or a fault."""
        return self.status >= "4"


@dataclass(frozen=True, slots=True)
class Operation:
    """One address with one method."""

    anchor: str
    method: str
    path: str
    title: str
    text: list[Markup]
    is_signed: bool
    body: Body | None
    replies: list[Reply]


@dataclass(frozen=True, slots=True)
class Section:
    """Operations that belong together."""

    name: str
    text: str
    operations: list[Operation]


def sections_of(document: Mapping[str, Any]) -> list[Section]:
    """Return the operations of a document under their tags, in its order."""
    found: dict[str, Section] = {tag["name"]: Section(tag["name"], tag["description"], []) for tag in document["tags"]}
    schemas = document["components"]["schemas"]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            found[operation["tags"][0]].operations.append(_operation(path, method, operation, schemas))
    return list(found.values())


def paragraphs(text: str) -> list[Markup]:
    """Return the paragraphs of a text as the document has it: code between backticks, indented lines as they stand."""
    made = []
    for block in text.strip("\n").split("\n\n"):
        if block.startswith("    "):
            lines = "\n".join(line[4:] for line in block.split("\n"))
            made.append(Markup('<pre tabindex="0"><code>{}</code></pre>').format(lines))
        else:
            made.append(Markup("<p>{}</p>").format(_inline(block)))
    return made


def _inline(text: str) -> Markup:
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped right here


def _operation(path: str, method: str, operation: Mapping[str, Any], schemas: Schema) -> Operation:
    replies = [
        Reply(status, reply["description"], _body(reply.get("content", {}), schemas) if status < "4" else None)
        for status, reply in sorted(operation["responses"].items())
    ]
    return Operation(
        operation["operationId"], method.upper(), path, operation["summary"], paragraphs(operation.get("description", "")),
        "security" in operation, _body(operation.get("requestBody", {}).get("content", {}), schemas), replies,
    )  # fmt: skip


def _body(content: Mapping[str, Any], schemas: Schema) -> Body | None:
    for media_type, media in content.items():
        schema = _resolved(media["schema"], schemas)
        examples = schema.get("examples", [])
        text = json.dumps(examples[0], indent=2, ensure_ascii=False) if examples else ""
        return Body(media_type, list(_fields("", schema, schemas)), text)
    return None


def _fields(prefix: str, schema: Schema, schemas: Schema) -> Iterator[Field]:
    """Yield a line for each property, followed by those inside it."""
    for name, named in schema.get("properties", {}).items():
        inner = _resolved(named, schemas)
        limits = ", ".join(text.format(f"{inner[key]:,}") for key, text in _LIMITS.items() if key in inner)
        about = _inline(named.get("description", inner.get("description", "")))
        is_required = name in schema.get("required", ())
        kind = _kind(inner, schemas) + (" or null" if _may_be_null(named) else "")
        yield Field(prefix + name, kind, limits, inner.get("pattern", ""), is_required, about)
        if inner.get("type") == "array":
            yield from _fields(f"{prefix}{name}[].", _resolved(inner["items"], schemas), schemas)
        else:
            yield from _fields(f"{prefix}{name}.", inner, schemas)


def _kind(schema: Schema, schemas: Schema) -> str:
    """Return the type of a value in words."""
    if "enum" in schema:
        return " | ".join(schema["enum"])
    match schema.get("type"):
        case "array":
            return f"list of {_kind(_resolved(schema['items'], schemas), schemas)}"
        case "object" if "additionalProperties" in schema:
            return f"object of {_kind(_resolved(schema['additionalProperties'], schemas), schemas)} by name"
        case kind:
            return f"{kind} ({schema['format']})" if "format" in schema else str(kind)


def _may_be_null(schema: Schema) -> bool:
    return any(choice.get("type") == "null" for choice in schema.get("anyOf", ()))


def _resolved(schema: Schema, schemas: Schema) -> Schema:
    """Return what a reference stands for, and what may be null without the null."""
    if "$ref" in schema:
        named: Schema = schemas[schema["$ref"].rpartition("/")[2]]
        return named
    choices = [choice for choice in schema.get("anyOf", ()) if choice.get("type") != "null"]
    return {**schema, **_resolved(choices[0], schemas)} if choices else schema
