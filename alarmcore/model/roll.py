"""The roll: one municipality's residents by place, id and device, whether held as they are or unpacked when asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

if TYPE_CHECKING:
    from alarmcore.model.site import Resident


class Roll(Sequence["Resident"]):
    """Residents in the order of their file. `unpack(place)` gives one; who asks for the same one often keeps it himself.

    `places` are residents' places by id, `devices` those by a device's id: several where it was handed on.
    """

    def __init__(
        self, places: dict[str, int], devices: dict[str, int | tuple[int, ...]], unpack: Callable[[int], Resident]
    ) -> None:
        self.places = places
        self.devices = devices
        self.ids = list(places)
        self._unpack = unpack

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, place: int) -> Resident: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Resident]: ...
    def __getitem__(self, place: int | slice) -> Any:
        places = range(len(self.ids))[place]
        return self._unpack(places) if isinstance(places, int) else tuple(self._unpack(one) for one in places)

    def __iter__(self) -> Iterator[Resident]:
        return map(self._unpack, range(len(self.ids)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, tuple | Roll):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other, strict=True))

    # As a list has none: it is compared by what is in it.
    __hash__ = None  # type: ignore[assignment]

    @property
    def by_id(self) -> Mapping[str, Resident]:
        """Residents by id, each unpacked when it is asked for."""
        return ById(self)


class ById(Mapping[str, "Resident"]):
    """A roll as a mapping."""

    def __init__(self, roll: Roll) -> None:
        self._roll = roll

    def __getitem__(self, ident: str) -> Resident:
        return self._roll[self._roll.places[ident]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._roll.ids)

    def __len__(self) -> int:
        return len(self._roll)


def roll_of(residents: Sequence[Resident]) -> Roll:
    """The roll of residents that are held as they are; one that is a roll already stays it."""
    if isinstance(residents, Roll):
        return residents
    devices: dict[str, int | tuple[int, ...]] = {}
    for place, resident in enumerate(residents):
        for device in resident.devices:
            enter(devices, device.id, place)
    return Roll({resident.id: place for place, resident in enumerate(residents)}, devices, residents.__getitem__)


def enter(devices: dict[str, int | tuple[int, ...]], device: str, place: int) -> None:
    """Let one more resident have had a device. Nearly every device has one: a number takes less room than a tuple of one."""
    before = devices.setdefault(device, place)
    if before is not place:
        several = before if isinstance(before, tuple) else (before,)
        if place not in several:
            devices[device] = (*several, place)
