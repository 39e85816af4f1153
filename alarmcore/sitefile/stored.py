"""A site from the document that an import has stored: quick, and small in memory, since every mistake was ruled out then.

What stands around the residents is read as any site file is. Of the residents only what must be found at once is unpacked at
the start: whose each device is. Everything else of a person is packed into some hundred bytes, equal parts (rules, consents)
are kept once for all who have them, and the zones stay the text that they were; a person who is asked for is read from these
by the same readers that check a file. A document that does not look like a checked one is checked after all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import msgspec

from alarmcore.errors import Mistake, SiteInvalid
from alarmcore.model.roll import Roll, enter
from alarmcore.model.site import Device, Place, Resident, Site, Zone
from alarmcore.rules.base import Rule
from alarmcore.sitefile.check import VERSION, check_document, read_around, require
from alarmcore.sitefile.drawn import check_named, drawn_zones
from alarmcore.sitefile.ledger import Entry, Ledger
from alarmcore.sitefile.municipalities import MunicipalityUnknown
from alarmcore.sitefile.residents import read_consent, read_responsible, read_stays
from alarmcore.sitefile.rules import read_rules, with_hours
from alarmcore.sitefile.surroundings import Surroundings
from alarmcore.sitefile.values import moment

K = TypeVar("K")
T = TypeVar("T")

NOTHING: Final = (b"", b"null")
"""What stands in a field that is left out."""


NO_ZONES: Final = b"[]"


class Unfit(Exception):
    """The document is not what a check leaves behind."""


class Belonging(msgspec.Struct, gc=False):
    """A device as it stands in a document."""

    id: str
    kind: str
    from_: str | None = msgspec.field(default=None, name="from")
    until: str | None = None


class Person(msgspec.Struct, gc=False):
    """A resident as they stand in a document; what is not needed at once, or is equal among many, is left as it is."""

    id: str
    name: str
    chain: str
    technical_chain: str | None = None
    home: Place | None = None
    consent: msgspec.Raw = msgspec.Raw()
    responsible: msgspec.Raw = msgspec.Raw()
    devices: list[Belonging] | None = None
    zones: msgspec.Raw = msgspec.Raw()
    stays: msgspec.Raw = msgspec.Raw()
    rules: msgspec.Raw = msgspec.Raw()


class Whole(msgspec.Struct, gc=False):
    """A document: what stands around the residents is read by the readers that every file is read by."""

    version: int
    tenant: dict[str, Any]
    residents: list[Person] | None = None
    agreements: Any = None
    contacts: Any = None
    units: Any = None
    chains: Any = None


class Row(msgspec.Struct, array_like=True, gc=False):
    """A person, packed: numbers are places among what is shared."""

    name: str
    lat: float | None
    lon: float | None
    address: str | None
    consent: int
    responsible: int
    chain: int
    technical_chain: int
    rules: int
    devices: list[tuple[str, int]]
    stays: bytes


_list = msgspec.json.Decoder(list[msgspec.Raw]).decode
_whole = msgspec.json.Decoder(Whole).decode
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Row).decode


def stored_site(text: str | bytes, tenant: str) -> Site:
    """The site of a stored document; equal to what a check of it gives, but for `source`, which is left out.

    Raises:
        SiteInvalid: it is not what an import stores, and has mistakes.
    """
    try:
        return _read(_whole(text))
    except (Unfit, msgspec.DecodeError, UnicodeError):
        pass
    try:
        given = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError) as problem:
        raise SiteInvalid(tenant, [Mistake("file", "the stored site is not JSON; import the site file again")]) from problem
    return msgspec.structs.replace(require(check_document(given, tenant)), source={})


def _read(whole: Whole) -> Site:
    parts = {name: getattr(whole, name) for name in ("version", "tenant", "agreements", "contacts", "units", "chains")}
    root = Entry(parts, Ledger())
    site, known = read_around(root, None)
    if whole.version != VERSION or root.ledger.failed:
        raise Unfit
    return msgspec.structs.replace(site, residents=_roll(whole.residents or [], known))


def _roll(people: list[Person], known: Surroundings) -> Roll:
    pool, rows, zones = Pool(known), [], []
    places: dict[str, int] = {}
    devices: dict[str, int | tuple[int, ...]] = {}
    for place, person in enumerate(people):
        places[person.id] = place
        for device in person.devices or ():
            enter(devices, device.id, place)
        rows.append(_row(person, pool))
        zones.append(_drawn(bytes(person.zones)))
    if len(places) != len(people):
        raise Unfit
    return Roll(places, devices, Unpacking(list(places), rows, zones, pool))


def _row(person: Person, pool: Pool) -> bytes:
    home, stays = person.home, bytes(person.stays)
    return _pack(
        (
            person.name,
            home.lat if home else None,
            home.lon if home else None,
            home.address if home else None,
            pool.consents[bytes(person.consent)],
            pool.responsibles[bytes(person.responsible)],
            pool.chains[person.chain],
            pool.chains[person.technical_chain],
            pool.rules[bytes(person.rules)],
            [(device.id, pool.devices[device.kind, device.from_, device.until]) for device in person.devices or ()],
            b"" if stays in NOTHING else stays,
        )
    )


def _drawn(zones: bytes) -> bytes:
    """Somebody's zones as they are kept."""
    if zones in NOTHING:
        return NO_ZONES
    try:
        check_named(zones)
    except MunicipalityUnknown as unknown:
        raise Unfit from unknown
    return zones


class Places(dict[K, int]):
    """Where among the shared values stands what is read from a text; read when it is met for the first time."""

    def __init__(self, shared: list[Any], read: Callable[[K], Any]) -> None:
        super().__init__()
        self._shared = shared
        self._read = read

    def __missing__(self, text: K) -> int:
        self._shared.append(self._read(text))
        place = self[text] = len(self._shared) - 1
        return place


class Pool:
    """What several persons share: each different value once, read by the readers of site files."""

    def __init__(self, known: Surroundings) -> None:
        self.known = known
        self.shared: list[Any] = []
        self.consents = Places[bytes](self.shared, lambda text: _field("consent", text, lambda e: read_consent(e, known)))
        self.responsibles = Places[bytes](
            self.shared, lambda text: _field("responsible", text, lambda e: read_responsible(e, known))
        )
        self.chains = Places[str | None](self.shared, self._chain)
        self.rules = Places[bytes](self.shared, self._rules)
        self.devices = Places[tuple[str, str | None, str | None]](self.shared, lambda having: self._device(*having))
        self._each = Places[bytes](self.shared, self._rule)

    def _chain(self, ident: str | None) -> str | None:
        if ident is not None and ident not in self.known.chains:
            raise Unfit
        return ident

    def _rules(self, text: bytes) -> tuple[Rule, ...]:
        """Somebody's rules. Many persons have the same; of those who have not, most single rules are the same."""
        return tuple(self.shared[self._each[bytes(rule)]] for rule in _list(text)) if text not in NOTHING else ()

    def _rule(self, text: bytes) -> Rule:
        rules = _field("rules", b"[" + text + b"]", lambda entry: read_rules(entry, self.known, EVERY_ZONE))
        return rules[0]

    def _device(self, kind: str, from_: str | None, until: str | None) -> Device:
        """A kind of device and since when and until when it is somebody's: a device without its id."""
        entry = Entry({"kind": kind, "from": from_, "until": until}, Ledger())
        tz = self.known.tz
        ends = moment(entry, "from", tz), moment(entry, "until", tz, end=True)
        found = Device(id="", kind=entry.ident("kind"), from_=ends[0], until=ends[1])
        if entry.ledger.failed:
            raise Unfit
        return found


def _field(name: str, text: bytes, read: Callable[[Entry], T]) -> T:
    entry = Entry({name: None if text in NOTHING else msgspec.json.decode(text)}, Ledger())
    found = read(entry)
    if entry.ledger.failed:
        raise Unfit
    return found


class EveryZone(dict[str, None]):
    """Stands for a person's zones while rules are read that many persons share; the check has seen that each has those zones."""

    def __contains__(self, zone: object) -> bool:
        return isinstance(zone, str)


EVERY_ZONE: Final = EveryZone()


class Unpacking:
    """Reads a packed person."""

    def __init__(self, ids: list[str], rows: list[bytes], zones: list[bytes], pool: Pool) -> None:
        self.ids = ids
        self.rows = rows
        self.zones = zones
        self.shared = pool.shared
        self.known = pool.known

    def __call__(self, place: int) -> Resident:
        row, shared = _unpack(self.rows[place]), self.shared
        zones = tuple(drawn_zones(self.zones[place], self.known.windows))
        return Resident(
            id=self.ids[place],
            name=row.name,
            home=None if row.lat is None or row.lon is None else Place(row.lat, row.lon, row.address),
            consent=shared[row.consent],
            responsible=shared[row.responsible],
            chain=shared[row.chain],
            technical_chain=shared[row.technical_chain],
            devices=tuple(_device(ident, shared[having]) for ident, having in row.devices),
            zones=zones,
            stays=self._stays(row.stays, zones),
            rules=with_hours(shared[row.rules], zones),
        )

    def _stays(self, text: bytes, zones: tuple[Zone, ...]) -> Any:
        if not text:
            return ()
        return read_stays(Entry({"stays": msgspec.json.decode(text)}, Ledger()), self.known, {zone.id: None for zone in zones})


def _device(ident: str, having: Device) -> Device:
    return Device(id=ident, kind=having.kind, from_=having.from_, until=having.until)


__all__ = ["stored_site"]
