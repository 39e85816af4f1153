from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alarmcore.adapters import seen as subject
from alarmcore.adapters.seen import RECENT_MAX, Seen

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def filled(batches: int, step: timedelta = HOUR) -> Seen:
    """So many full dictionaries, one every `step`; identity n has the digest -n."""
    seen = Seen()
    for batch in range(batches):
        first = batch * RECENT_MAX
        seen.add([(n, -n) for n in range(first, first + RECENT_MAX)], NOW + batch * step)
    return seen


def test_what_was_seen_is_known_with_its_digest_however_long_ago_within_the_week() -> None:
    seen = filled(5)
    wanted = [0, 1, RECENT_MAX, 3 * RECENT_MAX + 7, 5 * RECENT_MAX - 1, 5 * RECENT_MAX, -1]
    assert seen.known(wanted, NOW + 5 * HOUR) == {n: -n for n in wanted[:5]}


def test_segments_of_like_size_become_one() -> None:
    assert len(filled(8).segments) == 1
    assert [len(segment.identities) for segment in filled(7).segments] == [4 * RECENT_MAX, 2 * RECENT_MAX, RECENT_MAX]


def test_what_is_older_than_a_week_is_forgotten_and_its_memory_given_back() -> None:
    seen = filled(2, step=timedelta(days=2))
    assert seen.known([0, RECENT_MAX], NOW + timedelta(days=8)) == {RECENT_MAX: -RECENT_MAX}
    seen.add([(n, 1) for n in range(10**9, 10**9 + RECENT_MAX)], NOW + timedelta(days=8))
    assert sum(len(segment.identities) for segment in seen.segments) == 2 * RECENT_MAX


def test_an_identity_seen_again_after_a_week_has_its_new_digest() -> None:
    seen = Seen()
    for day, digest in ((0, 1), (8, 2)):
        seen.add([(7, digest), *((n, 0) for n in range(100, 100 + RECENT_MAX))], NOW + timedelta(days=day))
    assert seen.known([7], NOW + timedelta(days=9)) == {7: 2}


@given(st.lists(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), max_size=40), max_size=12))
def test_it_knows_what_a_plain_dictionary_knows(batches: list[list[int]]) -> None:
    small, subject.RECENT_MAX = subject.RECENT_MAX, 16  # type: ignore[misc]
    try:
        seen, plain = Seen(), dict[int, int]()
        for place, batch in enumerate(batches):
            now = NOW + place * HOUR
            new = [(n, place) for n in dict.fromkeys(batch) if n not in seen.known(batch, now)]
            seen.add(new, now)
            for n, digest in new:
                assert plain.setdefault(n, digest) == digest
        asked = [n for batch in batches for n in batch]
        assert seen.known(asked, NOW + 12 * HOUR) == {n: plain[n] for n in asked}
    finally:
        subject.RECENT_MAX = small  # type: ignore[misc]
