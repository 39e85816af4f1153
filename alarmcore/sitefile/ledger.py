"""Where mistakes are written down while a document is read, and `Entry`: one mapping of it, with the readers of its fields.

A reader that finds a mistake notes it and returns a stand-in, so that the rest is read and every mistake is said at once. No
stand-in ever gets out: a document with an error gives no `Site`. Texts name ids, kinds, times and limits, but never a name, a
phone number, an address or a coordinate.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from itertools import islice
from math import isfinite
from typing import Any, Final

import msgspec

from alarmcore.errors import Mistake

ID: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
"""What an id looks like."""

TEXT_MAX: Final = 200
"""Characters of a name or address: longer ones are a mistake, and would not fit a screen or an SMS."""

CANDIDATES_MAX: Final = 1000
"""Names among which a similar one is sought; a search among a large municipality's contacts would take seconds."""

SUGGESTIONS_MAX: Final = 500
"""Mistakes of one file that get such a search; in a file with more, something else is wrong."""

_SHOWABLE: Final = re.compile(r"(?:[a-z]{1,16}:)?(?![0-9_-]*$)[a-z0-9][a-z0-9_-]{0,62}")
"""A word that may be repeated in a message: an id, a reference, a kind. Never a name, nor the number of a person or a phone."""

_NAMEABLE: Final = re.compile(r"[^\W\d][\w-]{0,40}")
_CONTROL: Final = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\ud800-\\udfff]")

Step = str | int


def dotted(steps: Collection[Step]) -> str:
    """A path as it is shown: `residents[0].rules[2].limit_s`."""
    shown_steps = (f"[{step}]" if isinstance(step, int) else f".{_nameable(step)}" for step in steps)
    return "".join(shown_steps).removeprefix(".")


def pointer(steps: Collection[Step]) -> str:
    """A path as programs write it (JSON Pointer, RFC 6901): `/residents/0/rules/2/limit_s`."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


class Repair(msgspec.Struct, frozen=True, kw_only=True):
    """What stands at `path` (a JSON Pointer) might be this instead: written as JSON, one operation of a JSON Patch (RFC 6902)."""

    op: str = "replace"
    path: str
    value: Any


class Proposed(Mistake):
    """A mistake of which it can be told what was probably meant.

    `repairs` hold coordinates, which the text never does.
    """

    __slots__ = ("repairs",)

    def __init__(self, path: str, text: str, repairs: list[Repair], *, warning: bool = False) -> None:
        super().__init__(path, text, warning=warning)
        self.repairs = repairs


def _nameable(name: object) -> str:
    """A field's name; one that no field could have may be a value gone astray, and is not repeated."""
    return name if isinstance(name, str) and _NAMEABLE.fullmatch(name) else "?"


def shown(value: object) -> str:
    """A value as a message may show it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value if _SHOWABLE.fullmatch(value) else "this text"
    return "this value"


def sort_of(value: object) -> str:
    """What sort of value this is, in words."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true or false"
    names = {int: "a number", float: "a number", str: "text", list: "a list", tuple: "a list", dict: "a mapping"}
    return names.get(type(value), "of a type that JSON does not have")


class Ledger:
    """All mistakes and warnings of one document."""

    def __init__(self) -> None:
        self._noted: list[tuple[tuple[int, ...], Mistake]] = []
        self._suggestions = 0
        self.failed = False

    def note(self, order: tuple[int, ...], mistake: Mistake) -> None:
        """Write one down; `order` is where it stands in the file."""
        self.failed = self.failed or not mistake.warning
        self._noted.append((order, mistake))

    def mistakes(self) -> list[Mistake]:
        """All of them, in order of the file."""
        return [mistake for _, mistake in sorted(self._noted, key=lambda noted: noted[0])]

    def suggestion(self, word: object, candidates: Collection[str]) -> str:
        """A sentence part that names what was probably meant, or what there is."""
        self._suggestions += 1
        if self._suggestions > SUGGESTIONS_MAX or not candidates:
            return ""
        near = get_close_matches(word, list(islice(candidates, CANDIDATES_MAX)), n=1, cutoff=0.6) if isinstance(word, str) else []
        if near:
            return f" (did you mean {near[0]}?)"
        return f" (one of {', '.join(sorted(candidates))})" if len(candidates) <= 12 else ""


class Entry:
    """One mapping of the document and where it stands: entry `index` (if any) of field `name` of `parent`."""

    __slots__ = ("fields", "index", "ledger", "name", "parent")

    def __init__(
        self, fields: dict[str, Any], ledger: Ledger, parent: Entry | None = None, name: str = "", index: int | None = None
    ) -> None:
        self.fields = fields
        self.ledger = ledger
        self.parent = parent
        self.name = name
        self.index = index

    def error(self, name: str, text: str, index: int | None = None, *, proposal: dict[str, Any] | None = None) -> None:
        """Note an error about a field (with no name, about the mapping itself).

        A `proposal` is what fields of this mapping might say instead.
        """
        self._note(name, text, index, proposal, warning=False)

    def warn(self, name: str, text: str, index: int | None = None, *, proposal: dict[str, Any] | None = None) -> None:
        """Note a warning about a field; as for `error`."""
        self._note(name, text, index, proposal, warning=True)

    def path(self, name: str = "", index: int | None = None) -> str:
        """The path of a field as it is shown."""
        return dotted(self._steps(name, index))

    def check_fields(self, known: Collection[str]) -> None:
        """Note every field that is not `known`."""
        if self.fields.keys() <= set(known):
            return
        for field in self.fields:
            if field == "<<":
                self.error(field, "merging is no part of YAML 1.2; write the fields out")
            elif field not in known:
                guess = self.ledger.suggestion(field, known)
                self.error(field, f"there is no field of this name here{guess}; correct it or take it out")

    def entry(self, name: str, known: Collection[str]) -> Entry | None:
        """A mapping inside this one; None when it is left out or wrong."""
        value = self.fields.get(name)
        if isinstance(value, dict):
            child = Entry(value, self.ledger, self, name)
            child.check_fields(known)
            return child
        if value is not None:
            self.error(name, f"is {sort_of(value)}; give a mapping with {', '.join(known)}")
        return None

    def listed(self, name: str) -> list[Any]:
        """A list of anything; empty when it is left out or wrong."""
        value = self.fields.get(name)
        if isinstance(value, list):
            return value
        if value is not None:
            self.error(name, f"is {sort_of(value)}; give a list, also for a single one")
        return []

    def entries(self, name: str, known: Collection[str] = ()) -> Iterator[Entry]:
        """The mappings of a list; those with `known` fields are checked for others."""
        for index, value in enumerate(self.listed(name)):
            if isinstance(value, dict):
                child = Entry(value, self.ledger, self, name, index)
                if known:
                    child.check_fields(known)
                yield child
            else:
                self.error(name, f"is {sort_of(value)}; give a mapping with {', '.join(known) or 'its fields'}", index)

    def text(self, name: str, *, required: bool = True) -> str:
        """A text of one line; empty when it is left out or wrong."""
        value = self.fields.get(name)
        if value is None:
            if required:
                self.missing(name)
            return ""
        if not isinstance(value, str):
            self.error(name, f"is {sort_of(value)}; give text, in quotes")
        elif not value.strip():
            self.error(name, "is empty; give it or take the field out")
        elif len(value) > TEXT_MAX:
            self.error(name, f"has {len(value)} characters and may have {TEXT_MAX}; shorten it")
        elif _CONTROL.search(value):
            self.error(name, "has a line break or another character that cannot be shown; give one line of text")
        else:
            return value
        return ""

    def missing(self, name: str) -> None:
        """Note that a field has to be given."""
        self.error(name, "is missing; give it")

    def ident(self, name: str = "id") -> str:
        """An id; empty when it is missing or wrong."""
        value = self.fields.get(name)
        if isinstance(value, str) and ID.fullmatch(value):
            return value
        if value is None:
            self.missing(name)
        elif not isinstance(value, str):
            self.error(name, f"is {sort_of(value)}; give an id, in quotes if it is a number")
        else:
            rule = "a to z, 0 to 9, _ and -, at most 63 characters, beginning with a letter or digit"
            self.error(name, f"is no id; use {rule}")
        return ""

    def choice(self, name: str, options: Collection[str], default: str | None = None) -> str:
        """One of a few words; the first option stands in for a wrong one."""
        value = self.fields.get(name, default)
        if value is None:
            value = default
        if isinstance(value, str) and value in options:
            return value
        if value is None:
            self.missing(name)
        else:
            what = shown(value) if isinstance(value, str) else sort_of(value)
            guess = self.ledger.suggestion(value, options) or f" (one of {', '.join(options)})"
            self.error(name, f"{what} is not known here{guess}; use one of them")
        return next(iter(options))

    def number(self, name: str, *, required: bool = True) -> float | None:
        """A finite number; None when it is left out or wrong."""
        value = self.fields.get(name)
        if value is None:
            if required:
                self.missing(name)
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            quotes = ", without quotes" if isinstance(value, str) else ""
            self.error(name, f"is {sort_of(value)}; give a number{quotes}")
            return None
        try:
            number = float(value)
        except OverflowError:
            number = float("inf")
        if not isfinite(number):
            self.error(name, "is not a finite number; give one")
            return None
        return number

    def _steps(self, name: str, index: int | None) -> tuple[Step, ...]:
        own: tuple[Step, ...] = (name,) if name else ()
        if index is not None:
            own = (*own, index)
        return own if self.parent is None else (*self.parent._steps(self.name, self.index), *own)

    def _order(self, name: str, index: int | None) -> tuple[int, ...]:
        if not name:
            own: tuple[int, ...] = ()
        else:
            place = list(self.fields).index(name) if name in self.fields else -1
            own = (place, -1 if index is None else index)
        return own if self.parent is None else (*self.parent._order(self.name, self.index), *own)

    def _note(self, name: str, text: str, index: int | None, proposal: dict[str, Any] | None = None, *, warning: bool) -> None:
        where = self.path(name, index) or "file"
        repairs = [
            Repair(path=pointer((*self._steps("", None), field)), value=value) for field, value in (proposal or {}).items()
        ]
        mistake = Proposed(where, text, repairs, warning=warning) if repairs else Mistake(where, text, warning=warning)
        self.ledger.note(self._order(name, index), mistake)
