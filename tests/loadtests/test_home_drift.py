"""What is noticed of residents who change within months, and that those who do not are lived through alike."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from loadtests.evaluate.homes import drift
from loadtests.evaluate.homes.drift import CHANGE_DAY, DAYS, NIGHTS, Found, Group, Noticed, as_markdown, home, judge, worse
from loadtests.evaluate.homes.lives import INACTIVITY, OUT_OF_BED
from loadtests.evaluate.homes.residents.habits import Habits
from loadtests.evaluate.homes.rules import LEARNED, NIGHTLY, WINDOW, Asked, Bounds, asked
from loadtests.evaluate.replayed import NotReplayed

PLAIN: Final = Habits(leaves=1.6, up_min=8.0)
STEADY: Final = Group("as they were", 1.0, 170, NIGHTS, lambda _habits, _number: PLAIN)
WORSE: Final = STEADY._replace(name="worse", steps=((CHANGE_DAY, 2.0),))
ALL: Final = asked(OUT_OF_BED, Bounds(300, 14_400), WINDOW, learns=True)
RULES: Final = [one for one in ALL if one.default and one.hours == NIGHTLY]


def test_before_the_change_nothing_differs_and_after_it_the_same_nights_are_worse() -> None:
    (steady, habits), (changed, _) = home(STEADY, 1, 0), home(WORSE, 1, 0)
    assert habits == PLAIN
    from_s = steady.readings[0].at.timestamp()
    before = [one for one in steady.readings if one.at.timestamp() - from_s < (CHANGE_DAY - 1) * 86_400]
    assert list(changed.readings[: len(before)]) == before
    assert all(one.at <= other.at for one, other in itertools.pairwise(changed.readings))
    assert len(changed.readings) > 1.02 * len(steady.readings)


def test_worse_is_oftener_and_longer_by_night_and_stiller_by_day() -> None:
    by_night, by_day = worse(PLAIN, NIGHTS, 2.0), worse(PLAIN, DAYS, 2.0)
    assert (by_night.leaves, by_night.up_min, by_night.still) == (3.2, 16.0, 1.0)
    assert (by_day.leaves, by_day.up_min, by_day.still) == (1.6, 8.0, 2.0)


def test_nights_that_become_worse_are_noticed_and_others_are_not(tmp_path: Path) -> None:
    steady, changed = judge((STEADY, WORSE), RULES, 1, 1, tmp_path)
    assert (steady.group, steady.residents, steady.changes, steady.noticed) == ("as they were", 1, False, ())
    (notice, *_) = changed.noticed
    assert CHANGE_DAY + 21 <= notice.day < CHANGE_DAY + 60
    assert notice.ratio > 1.3
    assert not notice.ill
    assert not list(tmp_path.rglob("*.jsonl")), "months of readings are large, and are kept by nobody"


def test_machines_that_refuse_are_no_residents_without_a_notice(tmp_path: Path) -> None:
    wrong = Asked("x", OUT_OF_BED, LEARNED, NIGHTLY, 100, True, {"usual": {"min_s": 9, "max_s": 1}})
    with pytest.raises(NotReplayed, match=r"(?s)usual_notices ended with 2: .*min_s"):
        judge((STEADY._replace(days=20),), [wrong], 1, 1, tmp_path)


def test_groups_ask_for_their_share_and_each_for_one_kind_of_rule() -> None:
    assert [group.number(30) for group in drift.GROUPS] == [30, 10, 8, 10, 10, 10, 5]
    assert all(group.number(1) == 1 for group in drift.GROUPS)
    assert {group.kind for group in drift.GROUPS} == {OUT_OF_BED, INACTIVITY}


def test_the_ill_are_so_for_three_to_ten_days_each_for_as_long_as_the_next() -> None:
    (ill,) = (group for group in drift.GROUPS if "illness" in group.name)
    assert {ill.made(PLAIN, number).incidents[0].days for number in range(16)} == set(range(3, 11))


def found(noticed: Sequence[tuple[str, int]], *, changes: bool, ill: bool = False) -> Found:
    notices = tuple(Noticed(name, day, 3, 1.5, ill) for name, day in noticed)
    return Found("these", NIGHTS, 4, 365, changes, notices)


def test_notices_where_nothing_has_changed_are_counted_by_the_year() -> None:
    text = as_markdown([found([("a", 200), ("b", 100)], changes=False, ill=True)])
    assert "| these | 4 | 4 | 2 | 2 | 0.50 | 100, 200 |" in text
    assert "| these | 4 | 4 | 0 | 0 | 0.00 | – |" in as_markdown([found([], changes=False)])


def test_a_change_is_noticed_once_for_each_resident_and_not_before_it() -> None:
    text = as_markdown([found([("a", 200), ("a", 110), ("b", 40), ("c", 130), ("d", 125)], changes=True)])
    assert "| these | 4 | 3 of 4 | 20 / 35 / 40 | 3 | 1 |" in text
    assert "| these | 4 | 0 of 4 | – | – | 0 |" in as_markdown([found([], changes=True)])


def test_when_a_notice_goes_and_whether_it_was_of_an_illness(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Of two residents, told in one output; one is ill from day 90 on."""
    ill = drift.GROUPS[1]._replace(days=20)
    lived = [drift._lived(ill, 1, number) for number in (0, 1)]

    def line(event: str, resident: str, day: int, way: str = NIGHTS) -> bytes:
        at = datetime.fromtimestamp(lived[0].life.spans[0].from_s + 86_400 * day, UTC).isoformat()
        return f'{{"at":"{at}","event":"usual.{event}","resident":"{resident}","way":"{way}","ratio":1.4}}\n'.encode()

    said = line("changed", "r0", 105) + line("changed", "r1", 80) + line("changed", "r0", 106, DAYS)
    said += line("settled", "r1", 95) + line("settled", "r0", 111) + line("changed", "r0", 170)
    monkeypatch.setattr(drift, "_run", lambda _place, _events: said)
    notices = drift._noticed(ill, range(2), RULES, 1, tmp_path)
    assert [(one.day, one.lasted, one.ill) for one in notices] == [(105, 6, True), (80, 15, False), (170, None, False)]
    assert notices[0].home == notices[2].home != notices[1].home
