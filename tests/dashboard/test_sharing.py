"""The inbox as an owner sees it that does not know all its tenants' sites yet."""

from __future__ import annotations

from typing import Any

from alarmcore.shared import InboxEntry
from dashboard import sharing as sharing_module
from dashboard.sharing import KnownInbox


class Entries:
    """An inbox with entries for two tenants, the first of which nobody here knows."""

    def __init__(self, unknown: int, known: int) -> None:
        tenants = ["mora"] * unknown + ["grastorp"] * known
        self.entries = [InboxEntry(place, tenant, "press", b"") for place, tenant in enumerate(tenants, 1)]
        self.put = self.answers = self.sweep = None

    async def waiting(self, partition: str, after: int, limit: int) -> list[InboxEntry]:
        assert (partition, after) == ("p07", 0)
        return self.entries[:limit]


def inbox(entries: Entries) -> KnownInbox:
    made: Any = entries
    return KnownInbox(made, frozenset({"grastorp"}))


async def test_what_is_for_an_unknown_tenant_stays_and_holds_nobody_up() -> None:
    entries = Entries(unknown=25, known=3)
    seen = inbox(entries)
    found = [await seen.waiting("p07", 0, 10) for _ in range(4)]
    assert [len(one) for one in found] == [0, 0, 3, 3]
    assert {entry.tenant for entry in found[-1]} == {"grastorp"}
    assert len(entries.entries) == 28


async def test_so_many_are_looked_past_and_no_more(monkeypatch: Any) -> None:
    monkeypatch.setattr(sharing_module, "LEFT_MAX", 5)
    entries = Entries(unknown=100, known=1)
    seen = inbox(entries)
    for _ in range(10):
        assert await seen.waiting("p07", 0, 10) == []
    assert seen.left == 5
