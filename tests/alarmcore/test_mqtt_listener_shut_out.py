"""A client that is in and may no longer be: who is here can be seen, and one of them hung up on."""

from __future__ import annotations

import pytest
from test_mqtt_listener import Raw, listening, until
from test_mqtt_listener_connection import RememberingIntake

from alarmcore.adapters.mqtt_listener import answers
from alarmcore.adapters.mqtt_listener.codes import Code

GONE = ("alarmcore/v1/t1/d1/status", b"gone")


@pytest.mark.parametrize("level", [4, 5])
async def test_one_who_is_shut_out_hears_why_and_its_will_is_not_heard(level: int) -> None:
    intake = RememberingIntake()
    async with listening(intake) as (listener, port):
        lost = await Raw.open(port, level, client_id="lost", will=GONE)
        (guest,) = listener.inside()
        kept = await Raw.open(port, level, client_id="kept")
        assert [one.password for one in listener.inside()] == [b"secret", b"secret"]
        guest.shut_out()
        assert await lost.hears_the_end() == (answers.disconnect(Code.NOT_AUTHORIZED) if level == 5 else b"")
        lost.writer.close()
        await until(lambda: listener.connections == 1)
        assert len(listener.inside()) == 1
        assert listener.counts.shut_out == 1
        kept.writer.write(b"\xc0\0")
        assert await kept.hears(2) == b"\xd0\0"
        kept.writer.close()
        await until(lambda: not listener.connections)
    assert intake.came == []


async def test_one_who_has_not_signed_in_is_not_inside() -> None:
    async with listening() as (listener, port):
        raw = await Raw.open(port, client_id="here")
        nobody = await Raw.open(port, client_id="leaving")
        nobody.writer.close()
        await until(lambda: listener.connections == 1)
        assert len(listener.inside()) == 1
        raw.writer.close()
        await until(lambda: not listener.inside())
