"""A site as canonical YAML: the same site gives the same text, and what it says reads back equal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from math import isfinite
from typing import Any, Final

from alarmcore.model.site import Site
from alarmcore.rules import RULES
from alarmcore.sitefile import check, parties, residents, values, zones
from alarmcore.sitefile.rules import USUAL, rule_fields

WIDTH: Final = 120
"""Characters up to which a mapping or list is written on one line, as people write these files."""

_PLAIN: Final = re.compile(r"[A-Za-zÅÄÖåäöÉéÜü_][\wÅÄÖåäöÉéÜü .+@/-]*(?<! )|\d{4}-\d\d-\d\d|(?:contact|unit):[a-z0-9][a-z0-9_-]*")
_OLD_WORDS: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
"""Words that readers of the older YAML 1.1 take for something else than text."""


_OWN_LINE: Final = frozenset({"id", "with", "tell"})
"""What has one of these fields gets a line of its own, so that a change of it is a change of that line."""


def dump_site(site: Site) -> str:
    """The site's file as YAML 1.2: fields in the order of the reference page, short values on one line."""
    return "".join(f"{line}\n" for line in _block(site.source, 0))


@cache
def _ranks() -> dict[str, int]:
    """The place of every field name; a name that stands in several mappings has the same neighbours there."""
    first = ("id", "with", "they_may", "we_may", "name", "kind", "given", "by", "basis", "from", "to", "until")
    whole = (check.SITE, first, parties.TENANT, parties.UNIT, parties.CHAIN, parties.LINK, residents.RESIDENT, values.PLACE)
    parts = (
        residents.RESPONSIBLE,
        zones.SHAPES,
        zones.CIRCLE,
        zones.CORRIDOR,
        residents.STAY,
        values.WINDOW,
        USUAL,
        ("type", "coordinates"),
    )
    lists = (*whole, *parts, *map(rule_fields, RULES.values()))
    return {name: rank for rank, name in enumerate(dict.fromkeys(name for names in lists for name in names))}


def _fields(value: dict[str, Any]) -> list[tuple[str, Any]]:
    """The fields in order."""
    last = len(_ranks())
    given = [(str(name), one) for name, one in value.items()]
    return sorted(given, key=lambda field: (_ranks().get(field[0], last), field[0]))


def _block(value: Any, depth: int) -> Iterator[str]:
    """The lines of a value, in block style where it does not fit one line."""
    indent = "  " * depth
    flow = _flow(value, WIDTH - len(indent)) if depth else None
    if flow is not None:
        yield indent + flow
    elif isinstance(value, dict):
        for name, one in _fields(value):
            yield from _field(name, one, depth)
    elif isinstance(value, list):
        for one in value:
            lines = _block(one, depth + 1)
            yield f"{indent}- {next(lines).lstrip()}"
            yield from lines
    else:
        yield indent + _scalar(value)


def _field(name: str, value: Any, depth: int) -> Iterator[str]:
    head = f"{'  ' * depth}{_scalar(name)}:"
    flow = _flow(value, WIDTH - len(head))
    if flow is not None or not isinstance(value, dict | list):
        yield f"{head} {flow if flow is not None else _scalar(value)}"
        return
    yield head
    yield from _block(value, depth + 1)


def _flow(value: Any, room: int) -> str | None:
    """A value on one line; None when it needs more than `room` characters, or several lines for other reasons."""
    if isinstance(value, dict):
        parts = ((f"{_scalar(name)}: ", one) for name, one in _fields(value))
        return _row("{", parts, "}", room)
    if isinstance(value, list):
        if any(isinstance(one, dict) and not _OWN_LINE.isdisjoint(one) for one in value):
            return None
        return _row("[", (("", one) for one in value), "]", room)
    text = _scalar(value)
    return text if len(text) <= room else None


def _row(start: str, parts: Iterator[tuple[str, Any]], end: str, room: int) -> str | None:
    """Gives up at the first part that does not fit, so that a large mapping costs no more than a line."""
    room -= len(start) + len(end)
    texts: list[str] = []
    for head, value in parts:
        text = _flow(value, room - len(head))
        if text is None:
            return None
        texts.append(head + text)
        room -= len(head) + len(text) + 2
        if room < -2:
            return None
    return start + ", ".join(texts) + end


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and not isfinite(value):
        return str(value).replace("inf", ".inf").replace("nan", ".nan")
    if isinstance(value, str):
        return value if _is_plain(value) else _quoted(value)
    return repr(value)


def _is_plain(text: str) -> bool:
    """Whether every reader of YAML takes it for this text without quotes."""
    return bool(_PLAIN.fullmatch(text)) and text.lower() not in _OLD_WORDS


def _quoted(text: str) -> str:
    """In double quotes; what cannot be shown is escaped."""
    return '"' + "".join(_escaped(c) for c in text) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
