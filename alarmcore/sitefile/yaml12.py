"""YAML 1.2 text as a plain document of dicts, lists, text, numbers, true, false and nothing.

Built from parser events, for three reasons. The types are those of YAML 1.2's core schema (<https://yaml.org/spec/1.2.2/>,
chapter 10.3), whatever the parser's own habits: `22:00`, `no` and `2026-01-10` are text. Every field is known with its line, so
that a field that stands twice can be shown. And aliases are counted while they are followed, before they can blow up.

PyYAML's libyaml parser is used where it is installed, else ruamel.yaml's pure one: the same events, some 25 times slower.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, Final

import msgspec

from alarmcore.sitefile.ledger import dotted

DEPTH_MAX: Final = 64
"""Mappings and lists inside each other: a site file needs nine; beyond, reading would use up the stack of later readers."""

ALIASED_NODES_MAX: Final = 100_000
"""Values that aliases may repeat, all together: ten thousand shared windows; a file built to explode reaches it at once."""

DIGITS_MAX: Final = 400
"""Digits of a number: more than any float has, fewer than Python refuses to read."""

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_TRUTHS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT: Final = re.compile(r"[-+]?[0-9]+")
_OCTAL: Final = re.compile(r"0o[0-7]+")
_HEX: Final = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_NOT_FINITE: Final = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_TEXT_TAGS: Final = frozenset({"!", "tag:yaml.org,2002:str"})


class Unreadable(Exception):
    """The text is not YAML, or not of the kind a site file may be; `line` counts from 1, 0 where it is unknown."""

    def __init__(self, text: str, line: int = 0) -> None:
        self.text = text
        self.line = line
        super().__init__(text)


class Doubled(msgspec.Struct, frozen=True):
    """A field that stands twice in one mapping: its path and the line of the second."""

    path: str
    line: int


class _Level(msgspec.Struct):
    """A mapping or list that is being filled; `name` is the field whose value comes next, `last` the place of the newest."""

    value: dict[str, Any] | list[Any]
    anchor: str | None
    nodes_before: int
    name: str | None = None
    last: str | int | None = None


def read(text: str) -> tuple[Any, list[Doubled]]:
    """The document, and the fields that stand twice (of which the first counts).

    Raises:
        Unreadable: a syntax error, several documents, a tag, an alias that explodes, or nothing at all.
    """
    builder = _Builder()
    for event in events(text):
        builder.take(event)
    return builder.document(), builder.doubled


def lines(text: str) -> Iterator[tuple[str, int]]:
    """The path of every field and list entry with its line, in order."""
    builder = _Builder()
    for event in events(text):
        if builder.take(event):
            yield builder.path(), event.start_mark.line + 1


def events(text: str) -> Iterator[Any]:
    """Parser events: the parsers of both libraries give the same ones.

    Raises:
        Unreadable: the text is not YAML.
    """
    try:
        yield from parsed(text)
    except Exception as problem:
        mark = getattr(problem, "problem_mark", None)
        if mark is None and not hasattr(problem, "reason") and not isinstance(problem, ValueError):
            raise
        said = getattr(problem, "problem", None) or getattr(problem, "reason", None) or "a character that YAML does not allow"
        raise Unreadable(f"is not YAML: {said}; mend the text there", mark.line + 1 if mark else 0) from None


def parsed(text: str) -> Iterable[Any]:
    """Events of the fastest parser there is."""
    try:
        yaml = import_module("yaml")
        loader = yaml.CLoader
    except (ImportError, AttributeError):
        return parsed_slowly(text)
    events_: Iterable[Any] = yaml.parse(text, Loader=loader)
    return events_


def parsed_slowly(text: str) -> Iterable[Any]:
    """Events of the parser that is always there."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - costs 50 ms, and JSON files do not need it

    events_: Iterable[Any] = YAML(typ="safe", pure=True).parse(text)
    return events_


def scalar(text: str) -> Any:
    """The value of an unquoted scalar in YAML 1.2's core schema.

    Raises:
        ValueError: it is a number too long to be one.
    """
    if text in _NULLS:
        return None
    if text in _TRUTHS:
        return _TRUTHS[text]
    if text[0] not in "+-.0123456789":
        return text
    return _number(text)


def _number(text: str) -> Any:
    if len(text) > DIGITS_MAX and (_INT.fullmatch(text) or _FLOAT.fullmatch(text) or _HEX.fullmatch(text)):
        raise ValueError(f"is a number of {len(text)} characters")
    if _INT.fullmatch(text):
        return int(text)
    if _OCTAL.fullmatch(text):
        return int(text, 0)
    if _HEX.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _NOT_FINITE.fullmatch(text):
        return float(text.replace(".", "", 1))
    return text


class _Builder:
    """Fills the document event by event."""

    def __init__(self) -> None:
        self.doubled: list[Doubled] = []
        self._levels: list[_Level] = []
        self._roots: list[Any] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._nodes = 0
        self._aliased = 0

    def take(self, event: Any) -> bool:
        """Let one event count. Returns whether a value begins with it, of which `path` then tells the place."""
        match type(event).__name__:
            case "ScalarEvent":
                return self._scalar(event)
            case "MappingStartEvent":
                return self._open({}, event)
            case "SequenceStartEvent":
                return self._open([], event)
            case "MappingEndEvent" | "SequenceEndEvent":
                level = self._levels.pop()
                self._anchor(level.anchor, level.value, self._nodes - level.nodes_before)
            case "AliasEvent":
                return self._alias(event)
        return False

    def path(self) -> str:
        """The path of the newest value."""
        return dotted([level.last for level in self._levels if level.last is not None])

    def document(self) -> Any:
        """What has been built."""
        if len(self._roots) != 1:
            found = "is empty" if not self._roots else f"holds {len(self._roots)} documents"
            raise Unreadable(f"{found}; give one document, a mapping with version, tenant and the rest")
        return self._roots[0]

    def _scalar(self, event: Any) -> bool:
        level = self._levels[-1] if self._levels else None
        if level is not None and level.name is None and isinstance(level.value, dict):
            self._name(level, event)
            return False
        _refuse_tag(event, _TEXT_TAGS)
        value = event.value
        if not event.style and not event.tag:
            try:
                value = scalar(value)
            except ValueError as problem:
                raise Unreadable(f"a value {problem}; put it in quotes if it is text", event.start_mark.line + 1) from None
        self._anchor(event.anchor, value, 1)
        return self._put(value, event)

    def _name(self, level: _Level, event: Any) -> None:
        """The name of the next field. Field names are text, whatever they look like."""
        _refuse_tag(event, _TEXT_TAGS)
        level.name = event.value
        if level.name in level.value:
            level.last = level.name
            self.doubled.append(Doubled(self.path(), event.start_mark.line + 1))

    def _open(self, value: Any, event: Any) -> bool:
        _refuse_tag(event, frozenset({"!"}))
        if len(self._levels) >= DEPTH_MAX:
            raise Unreadable(f"is nested deeper than {DEPTH_MAX} levels; a site file needs nine", event.start_mark.line + 1)
        nodes_before = self._nodes
        self._put(value, event)
        self._levels.append(_Level(value, event.anchor, nodes_before))
        return True

    def _alias(self, event: Any) -> bool:
        line = event.start_mark.line + 1
        if event.anchor not in self._anchors:
            raise Unreadable("an alias names an anchor that does not stand before it; write the value itself", line)
        value, nodes = self._anchors[event.anchor]
        self._nodes += nodes - 1
        self._aliased += nodes
        if self._aliased > ALIASED_NODES_MAX:
            raise Unreadable(f"aliases repeat more than {ALIASED_NODES_MAX} values; write the values themselves", line)
        return self._put(value, event)

    def _anchor(self, anchor: str | None, value: Any, nodes: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (value, nodes)

    def _put(self, value: Any, event: Any) -> bool:
        """Give a value its place."""
        self._nodes += 1
        if not self._levels:
            self._roots.append(value)
            return True
        level = self._levels[-1]
        if isinstance(level.value, list):
            level.last = len(level.value)
            level.value.append(value)
            return True
        if level.name is None:
            raise Unreadable("a field name is a list, a mapping or an alias; give it as text", event.start_mark.line + 1)
        level.value.setdefault(level.name, value)
        level.last = level.name
        level.name = None
        return True


def _refuse_tag(event: Any, allowed: frozenset[str]) -> None:
    tag = event.tag
    if tag is not None and str(tag) not in allowed:
        raise Unreadable("has a tag (a word that begins with !); leave it out, a site file needs none", event.start_mark.line + 1)
