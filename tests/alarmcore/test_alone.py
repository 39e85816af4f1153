from __future__ import annotations

from typing import Any

import pytest
from bell_contract import BellContract
from cut_leases import CutLeases
from leases_contract import LeasesContract
from presence_contract import PresenceContract

from alarmcore.adapters.alone import AloneBell, AloneLeases, AlonePresence
from alarmcore.shared import Bell, Leases, Presence


class TestAloneLeases(LeasesContract):
    """Through the double that can be cut, which is thereby shown to change nothing while it is not."""

    @pytest.fixture
    def leases(self) -> Leases:
        return CutLeases(AloneLeases())

    @pytest.fixture
    def unreachable(self) -> Leases:
        return CutLeases(AloneLeases(), lambda: "cut")

    async def again(self, leases: Any) -> Leases:
        return CutLeases(leases.store)

    async def lose_everything(self, leases: Any) -> None:
        leases.store.forget()


class TestAloneBell(BellContract):
    @pytest.fixture
    def bell(self) -> Bell:
        return AloneBell()

    @pytest.fixture
    def other(self, bell: Bell) -> Bell:
        return bell


class TestAlonePresence(PresenceContract):
    @pytest.fixture
    def presence(self) -> Presence:
        return AlonePresence()

    @pytest.fixture
    def other(self, presence: Presence) -> Presence:
        return presence
