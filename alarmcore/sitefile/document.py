"""A site file as a plain document: bytes read with care, JSON or YAML by what stands in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import msgspec

from alarmcore.errors import Mistake
from alarmcore.sitefile import yaml12
from alarmcore.sitefile.ledger import Proposed
from alarmcore.sitefile.yaml12 import Unreadable

SIZE_MAX: Final = 64 * 1024 * 1024
"""Bytes of a site file: some 60,000 residents with everything; more is another file, and would fill the memory of a check."""

LINES_SIZE_MAX: Final = 8 * 1024 * 1024
"""Bytes of a file whose mistakes get their line: finding it means reading the text again."""


class Document(msgspec.Struct):
    """What stood in a file (`value` is None if it could not be read) and the mistakes of reading it."""

    value: Any
    mistakes: list[Mistake]
    text: str = ""


def read_document(path: Path) -> Document:
    """The document in a file. Never raises: what cannot be read is a mistake."""
    try:
        with path.open("rb") as file:
            data = file.read(SIZE_MAX + 1)
    except OSError as problem:
        return _refused(f"cannot be opened ({problem.strerror or 'no reason given'}); give the path of a site file")
    except ValueError:
        return _refused("has a path that cannot be used; give the path of a site file")
    if len(data) > SIZE_MAX:
        return _refused(f"is larger than {SIZE_MAX // 1024 // 1024} MB; split the tenant or leave out what is not in use")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        return _refused(f"is not UTF-8 (byte {problem.start}); save it as UTF-8")
    return parse_document(text)


def parse_document(text: str) -> Document:
    """The document in a text: JSON where the text is JSON, else YAML 1.2. Never raises."""
    if text.lstrip()[:1] in ("{", "["):
        try:
            return Document(json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant), [], text)
        except (ValueError, RecursionError):
            # Either it is YAML that begins with a bracket, or its mistake is shown better by the YAML reader, with its line.
            pass
    try:
        value, doubled = yaml12.read(text)
    except Unreadable as problem:
        return _refused(problem.text, problem.line)
    advice = "this field stands twice in its mapping; keep one"
    return Document(value, [Mistake(one.path, f"{advice} (line {one.line})") for one in doubled], text)


def with_lines(mistakes: list[Mistake], text: str) -> list[Mistake]:
    """The mistakes with the line of each in `text`; of a field that is missing, the line of what it is missing in."""
    if not mistakes or not text or len(text) > LINES_SIZE_MAX:
        return mistakes
    wanted = {path for mistake in mistakes for path in _upwards(mistake.path)}
    found = {path: line for path, line in yaml12.lines(text) if path in wanted}
    return [_with_line(mistake, found) for mistake in mistakes]


def _with_line(mistake: Mistake, found: dict[str, int]) -> Mistake:
    line = next((found[path] for path in _upwards(mistake.path) if path in found), None)
    if line is None or "(line " in mistake.text:
        return mistake
    text = f"{mistake.text} (line {line})"
    if isinstance(mistake, Proposed):
        return Proposed(mistake.path, text, mistake.repairs, warning=mistake.warning)
    return Mistake(mistake.path, text, warning=mistake.warning)


def _upwards(path: str) -> list[str]:
    """A path and those of what holds it, innermost first."""
    paths = [path]
    while "." in path or "[" in path:
        path = path[: max(path.rfind("."), path.rfind("["))]
        paths.append(path)
    return paths


def _refused(text: str, line: int = 0) -> Document:
    return Document(None, [Mistake(f"line {line}" if line else "file", text)])


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object whose fields stand once."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _constant(name: str) -> float:
    """NaN and Infinity are no JSON."""
    raise ValueError(name)
