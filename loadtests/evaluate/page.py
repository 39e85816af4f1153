"""The page in the documentation: what stands between two markers is replaced, everything else is people's."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "positions.md"
IMAGES: Final = ROOT / "docs" / "images"


class NoMarker(Exception):
    """The page has lost a pair of markers."""


def filled(text: str, name: str, body: str) -> str:
    """The page with `body` between the markers of that name.

    Raises:
        NoMarker: if there is not exactly one such pair.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    if text.count(begin) != 1 or text.count(end) != 1 or text.index(begin) > text.index(end):
        raise NoMarker(f"{PAGE.name} must have {begin} and then {end}, each once")
    before, rest = text.split(begin)
    return f"{before}{begin}\n{body}\n{end}{rest.split(end)[1]}"


def write(bodies: dict[str, str]) -> None:
    """Replace what is between those markers."""
    text = PAGE.read_text(encoding="utf-8")
    for name, body in bodies.items():
        text = filled(text, name, body)
    PAGE.write_text(text, encoding="utf-8")
