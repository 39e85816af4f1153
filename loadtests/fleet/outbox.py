"""What a device still has to say: kept until the service confirmed it, repeated under the same id when it does not."""

from __future__ import annotations

from typing import Final, NamedTuple

PENDING_MAX: Final = 2_000
"""Readings a device remembers while nobody confirms them: a small device's memory, some ten hours of fixes."""

URGENT: Final = frozenset({"button", "fall", "floor"})
"""Never dropped for want of room."""


class Letter(NamedTuple):
    """One reading on its way."""

    id: str
    kind: str
    payload: bytes


class Outbox:
    """Unconfirmed readings in order. It knows no clock: every call is told the time, in seconds of any steady clock."""

    def __init__(self, repeat_s: float) -> None:
        self._repeat_s = repeat_s
        self._letters: dict[str, Letter] = {}
        self._due_s: dict[str, float] = {}
        self.dropped = 0
        """Readings given up because the memory was full."""

    def __len__(self) -> int:
        return len(self._letters)

    def put(self, letter: Letter) -> None:
        """Remember a reading; it is due at once. A full memory forgets its oldest reading that is not urgent."""
        if len(self._letters) >= PENDING_MAX:
            old = next((one.id for one in self._letters.values() if one.kind not in URGENT), None)
            if old is not None:
                self.confirmed(old)
                self.dropped += 1
        self._letters[letter.id] = letter
        self._due_s[letter.id] = float("-inf")

    def due(self, now_s: float) -> list[Letter]:
        """What must be said now, urgent things first. Each is due again after the repeat time, until it is confirmed."""
        ready = [letter for letter in self._letters.values() if self._due_s[letter.id] <= now_s]
        for letter in ready:
            self._due_s[letter.id] = now_s + self._repeat_s
        return sorted(ready, key=lambda letter: letter.kind not in URGENT)

    def confirmed(self, letter_id: str) -> bool:
        """Forget a reading that was kept or rejected; False when it was not waiting."""
        self._due_s.pop(letter_id, None)
        return self._letters.pop(letter_id, None) is not None

    def disconnected(self) -> None:
        """Say everything again after the next connect: what was on its way may be lost."""
        self._due_s = dict.fromkeys(self._due_s, float("-inf"))
