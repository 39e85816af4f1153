"""From a file or a plain document to a `Site`, or to everything that is wrong with it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from alarmcore.errors import Mistake, SiteInvalid
from alarmcore.model.site import Site
from alarmcore.sitefile.document import read_document, with_lines
from alarmcore.sitefile.ledger import Entry, Ledger, Proposed, Repair, sort_of
from alarmcore.sitefile.parties import is_console_only, read_agreements, read_chains, read_contacts, read_tenant, read_units
from alarmcore.sitefile.residents import read_residents
from alarmcore.sitefile.surroundings import Surroundings, declared
from alarmcore.sitefile.values import Windows

VERSION: Final = 1
"""The version of the format that this reads."""

SITE: Final = ("version", "tenant", "agreements", "contacts", "units", "chains", "residents")


class Checked(msgspec.Struct):
    """What came of checking: `site` is None when there is an error; warnings leave it there.

    `console_only_centres` are the ids of centres that only a page can tell, which `serve` refuses.
    """

    source: str
    site: Site | None
    mistakes: list[Mistake]
    console_only_centres: list[str] = []

    @property
    def errors(self) -> list[Mistake]:
        """What must be mended."""
        return [mistake for mistake in self.mistakes if not mistake.warning]

    @property
    def warnings(self) -> list[Mistake]:
        """What deserves a second look."""
        return [mistake for mistake in self.mistakes if mistake.warning]

    @property
    def repairs(self) -> list[Repair]:
        """What the file might say instead, where that can be told; as JSON they are a JSON Patch of the document."""
        return [repair for mistake in self.mistakes if isinstance(mistake, Proposed) for repair in mistake.repairs]


def read_site(path: Path, now: datetime | None = None) -> Checked:
    """Read and check a file, JSON or YAML 1.2. Never raises; mistakes carry their line.

    With `now` (aware), consents and agreements that have ended or are about to are warned of as well.
    """
    document = read_document(path)
    if document.value is None and document.mistakes:
        return Checked(str(path), None, document.mistakes)
    checked = check_document(document.value, str(path), now)
    mistakes = document.mistakes + with_lines(checked.mistakes, document.text)
    return Checked(str(path), None if document.mistakes else checked.site, mistakes, checked.console_only_centres)


def check_document(document: object, source: str, now: datetime | None = None) -> Checked:
    """Check a plain document (dicts, lists, text, numbers, true, false, None). Never raises. `source` names it in errors."""
    ledger = Ledger()
    if not isinstance(document, dict):
        advice = "give a mapping with version, tenant and the rest"
        return Checked(source, None, [Mistake("file", f"is {sort_of(document)}; {advice}")])
    root = Entry(document, ledger)
    root.check_fields(SITE)
    _check_version(root)
    site = _read(root, document, now)
    console_only = [unit.id for unit in site.units if is_console_only(unit)]
    return Checked(source, None if ledger.failed else site, ledger.mistakes(), console_only)


def require(checked: Checked) -> Site:
    """The site.

    Raises:
        SiteInvalid: there is a mistake; it carries all of them.
    """
    if checked.site is None:
        raise SiteInvalid(checked.source, checked.mistakes)
    return checked.site


def _check_version(root: Entry) -> None:
    version = root.fields.get("version")
    if version is None:
        root.error("version", f"is missing; give {VERSION}")
    elif isinstance(version, bool) or version != VERSION:
        said = f"is {version}" if isinstance(version, int) and not isinstance(version, bool) else f"is {sort_of(version)}"
        root.error("version", f"{said}; this reads version {VERSION}, a number without quotes")


def _read(root: Entry, document: dict[str, Any], now: datetime | None) -> Site:
    site, known = read_around(root, now)
    return msgspec.structs.replace(site, residents=read_residents(root, known), source=document)


def read_around(root: Entry, now: datetime | None) -> tuple[Site, Surroundings]:
    """Everything but the residents, and what they may refer to."""
    tenant, zone = read_tenant(root)
    units = declared(root, "units", "unit:")
    known = Surroundings(
        tenant=tenant.id,
        tz=zone,
        units=units,
        recipients=declared(root, "contacts", "contact:") | units,
        chains=declared(root, "chains"),
        partners=declared(root, "agreements", field="with"),
        windows=Windows(),
        now=now,
    )
    agreements, contacts, read = read_agreements(root, known), read_contacts(root), read_units(root, known)
    known.receiving = frozenset([one.partner for one in agreements if "receive" in one.they_may])
    if not any(unit.kind == "centre" for unit in read):
        root.warn(
            "units", "there is no alarm centre, so that presses from unknown devices reach nobody; add a unit of kind centre"
        )
    chains = read_chains(root, known, read)
    site = Site(version=VERSION, tenant=tenant, agreements=agreements, contacts=contacts, units=read, chains=chains)
    return site, known
