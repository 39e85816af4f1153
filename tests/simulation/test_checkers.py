"""Each checker sees what breaks its promise, and nothing in a history that differs from it in its end only."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from msgspec.structs import replace

from alarmcore.model.alarm import Slot
from tests.simulation import history as seen
from tests.simulation.check_alarms import Alarms
from tests.simulation.check_answers import Answers
from tests.simulation.check_audit import Audit
from tests.simulation.check_chains import Chains
from tests.simulation.check_kept import Kept
from tests.simulation.check_messages import Messages
from tests.simulation.check_order import Order
from tests.simulation.check_owners import Owners
from tests.simulation.check_replay import Replay
from tests.simulation.check_timers import Timers
from tests.simulation.check_zones import Zones
from tests.simulation.checkers import Check, Checkers
from tests.simulation.handmade import (
    ALARM,
    AT_HOME,
    AT_NIGHT,
    B1,
    BED,
    DECIDED,
    DECLINED,
    ELSEWHERE,
    FED,
    FIRST,
    FIXED,
    HEALED,
    HEARD_1,
    HEARD_2,
    HEARD_3,
    HELD,
    HERE,
    IN,
    LOADED,
    NIGHT,
    NOON,
    OLD,
    OTHERWISE,
    OUT,
    P1,
    P2,
    RAISED,
    RESOLVED,
    SKIPPED,
    TAKEN,
    TOLD,
    TOWNS,
    asked,
    begun,
    committed,
    delivered,
    ended_with,
    event,
    fed,
    lapsed,
    later,
    said,
    tell,
    wake,
)

AN_HOUR: Final = NOON + timedelta(hours=1)
OUTING: Final = event("outing.begun", until=AN_HOUR)

Story = tuple[seen.Record, ...]
Case = tuple[str, Callable[[], Check], Story, Story, Story]


def chains() -> Chains:
    return Chains(TOWNS)


def messages() -> Messages:
    return Messages(TOWNS)


def timers() -> Timers:
    return Timers(TOWNS)


def owners() -> Owners:
    return Owners(1.0, {"p00": 1, "p01": 2})


def roll(t: float, posts: dict[str, tuple[str, ...]], served: tuple[str, ...] = ("p00", "p01")) -> seen.Roll:
    return seen.Roll(t=t, posts=tuple(seen.Post(name, True, runs) for name, runs in posts.items()), served=served, store=True)


def claimed(t: float, worker: str, partition: str = "p00") -> seen.Claimed:
    return seen.Claimed(t=t, partition=partition, worker=worker, token=int(t))


def late_telling(key: str) -> seen.BegunLate:
    return seen.BegunLate(t=3, message=replace(begun().message, key=key), worker="a")


CASES: Final[tuple[Case, ...]] = (
    # The promise, who guards it, how the history begins, an end that keeps the promise, and one that breaks it.
    (
        "confirmed means kept",
        Kept,
        (LOADED, HEARD_1, HEARD_2, fed(P1), committed(ALARM, RAISED, identities=[(1, 1), (2, 2)])),
        (said(seen.Acknowledged, "button", "1"),),
        (said(seen.Acknowledged, "button", "2"),),
    ),
    ("every press shows", Kept, (LOADED, HEARD_1, fed(P1)), (committed(ALARM, RAISED),), (committed(ALARM),)),
    ("nothing is raised twice", Kept, (HEARD_1,), (committed(RAISED),), (committed(RAISED, event("alarm.repeated")),)),
    (
        "an old press is marked late",
        Kept,
        (LOADED, HEARD_1, fed(OLD)),
        (committed(event("alarm.raised", late_s=100)),),
        (committed(RAISED),),
    ),
    ("progress", Kept, (), (ended_with(),), (ended_with(unconfirmed=1),)),
    ("progress", Kept, (), (ended_with(),), (ended_with(left_open=1),)),
    ("progress", Kept, (), (ended_with(),), (ended_with(effects=1),)),
    ("a timeline is whole", Alarms, (committed(RAISED),), (committed(TAKEN),), (committed(event("alarm.taken", NIGHT)),)),
    ("no step fails", Alarms, (), (committed(RAISED),), (committed(event("alarm.raised", rule="internal")),)),
    ("nothing is raised twice", Alarms, (committed(RAISED),), (committed(event("alarm.repeated")),), (committed(RAISED),)),
    ("one open alarm in a slot", Alarms, (), (committed(),), (seen.Refused(t=1, why="a1 beside a2"),)),
    (
        "an open alarm has a next step",
        Alarms,
        (committed(RAISED),),
        (committed(ALARM, wake("chain", later(30))),),
        (committed(ALARM, wake("chain", None), wake("lifecycle", later(30))),),
    ),
    (
        "taking is a person's act",
        Answers,
        (asked(seen.Asked, "resolve"), committed(RAISED, ALARM)),
        (committed(event("alarm.resolved", to="contact:eva"), RESOLVED),),
        (committed(event("alarm.condition_ended"), RESOLVED),),
    ),
    (
        "nobody thinks that another has it",
        Answers,
        (asked(seen.Asked, "take"),),
        (committed(RAISED, TAKEN, HELD),),
        (committed(RAISED, TAKEN, replace(HELD, taken_by="unit:centre")),),
    ),
    (
        "what is over is over",
        Answers,
        (committed(event("alarm.resolved"), RESOLVED),),
        (committed(event("alarm.noted"), RESOLVED),),
        (committed(event("alarm.reopened"), ALARM),),
    ),
    (
        "an answer that was done is kept",
        Answers,
        (asked(seen.Asked, "decline", 0.1), committed(DECLINED, t=0.2), asked(seen.Acted, "decline", 0.3, "done")),
        (asked(seen.Asked, "decline", 0.5), asked(seen.Acted, "decline", 0.6, "failed")),
        (asked(seen.Asked, "decline", 0.5), asked(seen.Acted, "decline", 0.6, "done")),
    ),
    (
        "no turn comes early",
        chains,
        FIRST,
        (committed(tell(0, number=1), now=later(45)),),
        (committed(tell(0, number=1), now=later(5)),),
    ),
    (
        "links are told in order",
        chains,
        FIRST,
        (committed(SKIPPED, tell(2), now=later(45)),),
        (committed(tell(2), now=later(45)),),
    ),
    (
        "nobody on duty is left out",
        chains,
        FIRST,
        (committed(SKIPPED),),
        (committed(replace(SKIPPED, at=AT_NIGHT)),),
    ),
    (
        "links are told in order",
        chains,
        FIRST,
        # Begun, taken and let go in one turn: of the patrol's telling only its end is stored.
        (committed(tell(2), now=later(45), settled=["a1:unit:patrol:0:1"]),),
        (committed(tell(2), now=later(45), settled=["a1:contact:eva:0:1"]),),
    ),
    ("nobody off duty is told", chains, FIRST, (committed(tell(1), now=AT_NIGHT),), (committed(tell(1), now=later(45)),)),
    ("the centre is told", chains, (HEALED, committed(ALARM)), (seen.Closing(t=100),), (seen.Closing(t=1000),)),
    (
        "the last link repeats",
        chains,
        (HEALED, committed(ALARM, event("alarm.told", to="unit:centre", link=2))),
        (seen.Closing(t=100),),
        (seen.Closing(t=1000),),
    ),
    ("nobody is told before it is stored", messages, (committed(ALARM),), (begun(),), (begun(alarm="a2"),)),
    ("nobody is told while somebody has it", messages, (), (committed(ALARM), begun()), (committed(HELD), begun())),
    ("nobody is told when it is over", messages, (), (committed(ALARM), begun()), (committed(RESOLVED), begun())),
    ("nobody else's data", messages, (committed(ALARM),), (begun(),), (begun(resident="r1"),)),
    ("nobody else's data", messages, (committed(ALARM),), (begun(),), (begun(to="c@tanum.example"),)),
    (
        "nobody else's data",
        messages,
        (LOADED, AT_HOME, committed(ALARM)),
        (begun(lat=58.0, lon=12.0),),
        (begun(lat=58.1, lon=12.0),),
    ),
    ("told means told", messages, (delivered("contact:eva"),), (committed(TOLD),), (committed(TOLD, TOLD),)),
    (
        "no timer is lost",
        timers,
        (LOADED, committed(wake("chain", later(5)))),
        (committed(wake("chain", later(30)), now=later(10)), committed(now=later(11))),
        (committed(now=later(10)), committed(now=later(11))),
    ),
    (
        "no timer is lost",
        timers,
        (HEALED, committed(wake("chain", later(5)))),
        (seen.Looked(t=7, now=later(7)),),
        (seen.Looked(t=20, now=later(20)),),
    ),
    (
        "no timer is early",
        timers,
        (LOADED,),
        (committed(NIGHT, event("alarm.raised", NIGHT, at=later(60))),),
        (committed(NIGHT, event("alarm.raised", NIGHT, at=later(50))),),
    ),
    (
        "no timer is early",
        timers,
        (committed(HELD, TAKEN),),
        (committed(ALARM, lapsed(later(120))),),
        (committed(ALARM, lapsed(later(110))),),
    ),
    ("order per person", Order, (LOADED, HEARD_1, HEARD_2), (fed(P1, P2), committed()), (fed(P2, P1), committed())),
    ("order per person", Order, (LOADED, HEARD_1, HEARD_3), (fed(P1, B1), committed()), (fed(B1, P1), committed())),
    (
        "the newest word counts",
        Order,
        (LOADED, *BED),
        (fed(OUT), committed(NIGHT), fed(IN), committed()),
        (fed(OUT, IN), committed(), fed(), committed(NIGHT)),
    ),
    ("the newest word counts", Order, (LOADED, AT_HOME, fed(HERE)), (committed(FIXED),), (committed(ELSEWHERE),)),
    (
        "the auditor finds nothing",
        Audit,
        (),
        (seen.Audited(t=1, slips=("unwritable",)),),
        (seen.Audited(t=1, slips=("timer_lost",)),),
    ),
    (
        "each partition is served",
        owners,
        (roll(1, {"a": ("p00",)}),),
        (roll(9, {"a": ("p00",)}, ("p00",)),),
        (roll(11, {"a": ("p00",)}, ("p00",)),),
    ),
    (
        "nothing is taken from an owner who is well",
        owners,
        (claimed(1, "a"), roll(2, {"a": ("p00",)}), roll(4, {"a": ("p00",)})),
        (seen.Closed(t=5, partition="p00", worker="a"), claimed(6, "b")),
        (claimed(6, "b"),),
    ),
    (
        "no commit under an old token",
        owners,
        (claimed(1, "a"), claimed(2, "b")),
        (seen.StoredUnder(t=3, partition="p00", token=2),),
        (seen.StoredUnder(t=3, partition="p00", token=1),),
    ),
    ("in the end nothing moves", owners, (HEALED,), (claimed(39, "b"),), (claimed(41, "b"),)),
    (
        "shares are fair",
        owners,
        (),
        (roll(1, {"a": ("p01",), "b": ("p00",), "c": ()}), seen.Closing(t=2)),
        (roll(1, {"a": ("p01", "p00"), "b": ()}), seen.Closing(t=2)),
    ),
    (
        "each partition runs once",
        owners,
        (),
        (roll(1, {"a": ("p01",), "b": ("p00",)}), seen.Closing(t=2)),
        (roll(1, {"a": ("p01",), "b": ("p00", "p01")}), seen.Closing(t=2)),
    ),
    ("a zombie tells nothing new", owners, (committed(ALARM, tell(0)),), (late_telling(tell(0).telling),), (late_telling("x"),)),
    ("replay decides the same", Replay, (LOADED, FED), (DECIDED,), (OTHERWISE,)),
    ("nobody at home has left", Zones, (), (committed(RAISED),), (committed(event("alarm.raised", rule="wander")),)),
    (
        "who is gone is found",
        Zones,
        (seen.Left(t=1, tenant="tanum", resident="r0"), seen.Gone(t=1, tenant="tanum", resident="r0")),
        (committed(event("alarm.raised", rule="wander")), seen.Closing(t=2)),
        (committed(RAISED), seen.Closing(t=2)),
    ),
    (
        "nobody is found during an outing",
        Zones,
        (seen.Left(t=1, tenant="tanum", resident="r0"), committed(OUTING)),
        (committed(event("outing.lapsed"), event("alarm.raised", rule="wander")),),
        (committed(event("alarm.raised", rule="wander"), event("outing.lapsed")),),
    ),
    (
        "no outing is for ever",
        Zones,
        (committed(OUTING),),
        (seen.Looked(t=1, now=AN_HOUR), committed(event("outing.ended")), seen.Looked(t=2, now=AN_HOUR + timedelta(minutes=1))),
        (seen.Looked(t=2, now=AN_HOUR + timedelta(minutes=1)),),
    ),
)


def promises(check: Check, story: Story) -> set[str]:
    return {what.split(":")[0] for record in story for what in check.see(record)}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case[0])
def test_a_checker_sees_what_breaks_its_promise_and_nothing_else(case: Case) -> None:
    promise, check, begin, sound, broken = case
    assert promises(check(), (*begin, *sound)) == set()
    assert promises(check(), (*begin, *broken)) == {promise}
    heard = check().sees
    assert all(isinstance(record, heard) for record in (*broken, *sound)), "it would not be told of what breaks its promise"


def test_no_promise_is_without_a_history_that_breaks_it() -> None:
    folder = Path(__file__).parent
    said_by_checkers = {
        found for path in folder.glob("check_*.py") for found in re.findall(r'f"([a-z][^:{"]+): ', path.read_text())
    }
    assert said_by_checkers == {case[0] for case in CASES}


def test_a_checker_that_fails_breaks_a_promise_too() -> None:
    told: list[bool] = []
    checkers = Checkers(TOWNS, lambda: told.append(True))
    checkers.see(committed(replace(ALARM, slot=Slot("nowhere", "r0", "press")), tell(0)))
    assert any(broken.what.startswith("the checkers see: Chains fails at a Committed") for broken in checkers.broken)
    assert told


def test_a_turn_decided_in_memory_only_is_seen_by_the_life_that_ends_after_every_turn() -> None:
    check = Replay()
    assert [what for record in (LOADED, FED, DECIDED) for what in check.see(record)] == []
    assert len(check.lives[1].journal.stored) == len(DECIDED.batch.states) > 0
