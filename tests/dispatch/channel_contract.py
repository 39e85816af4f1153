"""What every channel promises, whatever it hands over to; each channel's test file runs this suite against a real server.

A subclass gives the fixtures `outside` (the server, which can be told how to behave), `channel` (the channel under test, with a
time limit per try of `PATIENCE_S`) and `hasty` (another one, with `TRY_S`).
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec
import pytest

from alarmcore.errors import HandoverFailed
from dispatch.channels.port import ChannelPort, Message, Receipt

TRY_S = 0.6
"""The limit of tries that must be given up."""

PATIENCE_S = 60.0
"""The limit of all other tries: more than the slowest of machines needs for one. A server that hangs does so for longer."""

PAUSES_S = 4.0
"""What a loaded machine may add to a try that is given up, and still less than the limits that channels have of themselves."""

NOW = datetime(2026, 1, 14, 2, 12, 30, tzinfo=UTC)
PRIVATE = ("Karin", "Svensson", "Storgatan", "58.33", "12.67", "geheim", "Eva")

PLAIN = Message(
    key="t1:A1b2C3:0:contact:eva",
    tenant="grastorp",
    tenant_name="Grästorps kommun",
    language="sv",
    timezone="Europe/Stockholm",
    alarm="A1b2C3",
    resident="r1",
    resident_name="Karin Svensson",
    address="Storgatan 1",
    rule="press",
    cause="button",
    priority="critical",
    why="pressed",
    raised_at=datetime(2026, 1, 14, 2, 12, tzinfo=UTC),
    late_s=0,
    lat=58.3345,
    lon=12.6784,
    accuracy_m=20.0,
    recipient="contact:eva",
    recipient_name="Eva Andersson",
    to=None,
    link=0,
    told_before=0,
    answer_url="https://larm.example/a/grastorp.A1b2C3.c.eva.0123456789abcdefABCDEF",
)


class Outside(Protocol):
    """A real server that does as it is told, per address."""

    behaviour: dict[str, str]
    """Address to one of: take slow hang hang_after cut garbage busy refuse. Absent: take."""

    @property
    def taken(self) -> list[str]:
        """Whatever the channel makes of `Message.key`, once for each message that was taken, in order."""

    def address(self, name: str) -> str:
        """An address here for `name`."""

    def close(self) -> None:
        """Stop listening."""


def message(to: str, **changes: Any) -> Message:
    return msgspec.structs.replace(PLAIN, to=to, **changes)


class ChannelContract:
    """The suite. Every message goes to an address whose name holds `geheim`, which no error may repeat."""

    async def test_a_message_is_handed_over_once_and_a_receipt_comes_back(self, channel: ChannelPort, outside: Outside) -> None:
        receipt = await channel.hand_over(message(outside.address("geheim")))
        assert isinstance(receipt, Receipt)
        assert len(outside.taken) == 1

    async def test_two_tries_of_one_telling_can_be_told_from_two_tellings(self, channel: ChannelPort, outside: Outside) -> None:
        to = outside.address("geheim")
        for key in ("one", "one", "two"):
            await channel.hand_over(message(to, key=key))
        first, again, other = outside.taken
        assert first == again
        assert first != other

    async def test_a_slow_receiver_within_the_time_limit_has_taken_it(self, channel: ChannelPort, outside: Outside) -> None:
        to = outside.address("geheim")
        outside.behaviour[to] = "slow"
        await channel.hand_over(message(to))
        assert len(outside.taken) == 1

    @pytest.mark.parametrize("behaviour", ["cut", "garbage", "busy"])
    async def test_what_may_pass_can_be_repeated(self, channel: ChannelPort, outside: Outside, behaviour: str) -> None:
        to = outside.address("geheim")
        outside.behaviour[to] = behaviour
        began = time.monotonic()
        with pytest.raises(HandoverFailed) as failed:
            await channel.hand_over(message(to))
        assert not failed.value.permanent
        assert time.monotonic() - began < PATIENCE_S / 2, "it was not the answer that ended it"
        self.says_no_more_than_ids(failed.value)
        # The same channel hands over as soon as the outside is well again.
        outside.behaviour[to] = "take"
        await channel.hand_over(message(to))
        assert len(outside.taken) == 1

    async def test_a_receiver_that_hangs_is_given_up_in_time_and_can_be_tried_again(
        self, hasty: ChannelPort, outside: Outside, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        to = outside.address("geheim")
        outside.behaviour[to] = "hang"
        began = time.monotonic()
        with pytest.raises(HandoverFailed, match=f" {TRY_S:g} s") as failed:
            await hasty.hand_over(message(to))
        assert not failed.value.permanent
        assert time.monotonic() - began < TRY_S + PAUSES_S
        self.says_no_more_than_ids(failed.value)
        # The same channel hands over as soon as the outside is well again. That is no matter of time.
        monkeypatch.setattr(hasty, "_try_s", PATIENCE_S)
        outside.behaviour[to] = "take"
        await hasty.hand_over(message(to))
        assert len(outside.taken) == 1

    async def test_a_refusal_for_good_is_permanent(self, channel: ChannelPort, outside: Outside) -> None:
        to = outside.address("geheim")
        outside.behaviour[to] = "refuse"
        with pytest.raises(HandoverFailed) as failed:
            await channel.hand_over(message(to))
        assert failed.value.permanent
        self.says_no_more_than_ids(failed.value)
        assert outside.taken == []

    async def test_what_was_taken_stays_taken_when_the_farewell_hangs(self, channel: ChannelPort, outside: Outside) -> None:
        to = outside.address("geheim")
        outside.behaviour[to] = "hang_after"
        await channel.hand_over(message(to))
        assert len(outside.taken) == 1

    async def test_nobody_listening_can_be_repeated(self, channel: ChannelPort, outside: Outside) -> None:
        to = outside.address("geheim")
        outside.close()
        with pytest.raises(HandoverFailed) as failed:
            await channel.hand_over(message(to))
        assert not failed.value.permanent
        self.says_no_more_than_ids(failed.value)

    @pytest.mark.parametrize(
        "to", [None, "", "nonsense geheim", "geheim\r\nX: y", "javascript:geheim", "a@b@c", "file:///geheim"]
    )
    async def test_an_address_that_is_none_is_permanent(self, channel: ChannelPort, outside: Outside, to: str | None) -> None:
        with pytest.raises(HandoverFailed) as failed:
            await channel.hand_over(msgspec.structs.replace(PLAIN, to=to))
        assert failed.value.permanent
        assert "contact:eva" in str(failed.value)
        self.says_no_more_than_ids(failed.value)
        assert outside.taken == []

    async def test_names_with_line_breaks_change_nothing_but_the_text(self, channel: ChannelPort, outside: Outside) -> None:
        nasty = "Karin\r\nBcc: evil@example.org\r\n\r\n.\r\n<script>\u2028\x00"
        await channel.hand_over(
            message(
                outside.address("geheim"), resident_name=nasty, recipient_name=nasty, address=nasty, tenant_name=nasty, key=nasty
            )
        )
        assert len(outside.taken) == 1

    async def test_receivers_that_hang_do_not_hold_up_the_others(
        self, channel: ChannelPort, hasty: ChannelPort, outside: Outside
    ) -> None:
        hung = [outside.address(f"geheim-{n}") for n in range(3)]
        outside.behaviour.update(dict.fromkeys(hung, "hang"))
        tries = [asyncio.create_task(channel.hand_over(message(to, key=to))) for to in hung]
        await channel.hand_over(message(outside.address("well")))
        assert not any(task.done() for task in tries)
        for task in tries:
            task.cancel()
        await asyncio.gather(*tries, return_exceptions=True)
        failures = await asyncio.gather(*(hasty.hand_over(message(to, key=to)) for to in hung), return_exceptions=True)
        assert all(isinstance(failure, HandoverFailed) for failure in failures)
        assert len(outside.taken) == 1

    async def test_a_try_that_is_called_off_leaves_the_channel_usable(self, channel: ChannelPort, outside: Outside) -> None:
        to = outside.address("geheim")
        outside.behaviour[to] = "hang"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await channel.hand_over(message(to))
        await channel.hand_over(message(outside.address("well")))
        assert len(outside.taken) == 1

    async def test_closing_twice_is_fine(self, channel: ChannelPort, outside: Outside) -> None:
        await channel.hand_over(message(outside.address("geheim")))
        await channel.close()
        await channel.close()

    @staticmethod
    def says_no_more_than_ids(error: HandoverFailed) -> None:
        assert not any(private in str(error) for private in PRIVATE), str(error)
        assert error.__suppress_context__ or error.__context__ is None
