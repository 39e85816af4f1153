"""Templates of the pages that the server draws itself, and their style with the hash by which a browser lets it in."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Final, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

_LOADER: Final = PackageLoader("dashboard", "templates")

TEMPLATES: Final = Environment(
    loader=_LOADER,
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Style(NamedTuple):
    """A style sheet that stands in the page, and the SHA-256 of it in base64, as a content security policy names it."""

    css: str
    sha256: str


def style(name: str) -> Style:
    """One of the style sheets beside the templates."""
    css = _LOADER.get_source(TEMPLATES, name)[0]
    return Style(css, b64encode(sha256(css.encode()).digest()).decode())
