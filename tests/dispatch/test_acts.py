"""What one process hands to the owner of another tenant's alarm reads the same at the other end."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from alarmcore.model.alarm import AnswerAlarm, Slot
from alarmcore.model.outing import BeginOuting, EndOuting
from alarmcore.runner import Item
from dispatch.binding import ACTS, decode_act, encode_act
from dispatch.chain import Shown
from dispatch.telling import Told

SLOT = Slot("grastorp", "r1", "press")
EVENTS = {
    "answer": AnswerAlarm(slot=SLOT, alarm="a1", answer="resolve", by="operator:anna", via="console", outcome="helped", text="å"),
    "told": Told(
        slot=SLOT, alarm="a1", id="e1", ref="contact:eva", number=2, channel="email", ok=False, permanent=True, text="refused"
    ),
    "shown": Shown(SLOT, "a1", "operator:anna", datetime(2026, 1, 14, 12, 0, 0, 123_456, tzinfo=UTC)),
    "outing": BeginOuting(datetime(2026, 1, 14, 12, 0, 0, 123_456, tzinfo=UTC), "Åsa, granne", "contact:eva", "link"),
    "outing_over": EndOuting("operator:anna", "console"),
}
PERSON = ("grastorp", "r1")


@pytest.mark.parametrize("kind", sorted(ACTS))
def test_an_act_is_read_as_it_was_written(kind: str) -> None:
    machine, type_ = ACTS[kind]
    assert isinstance(EVENTS[kind], type_)
    key = PERSON if machine == "watch" else SLOT
    item = decode_act(encode_act(Item(machine, key, EVENTS[kind])))
    assert (item.machine, item.key, item.event) == (machine, key, EVENTS[kind])
    assert type(item.key) is type(key)


def test_an_act_of_a_kind_that_this_version_does_not_know_is_refused() -> None:
    with pytest.raises(KeyError):
        decode_act(msgspec.msgpack.encode(["forgive", "grastorp/r1/press/", {}]))
