"""Filters match as the standard says, and finding the hearers of a topic agrees with asking each filter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmcore.adapters.mqtt_listener.topics import LEVELS_MAX, Subscriptions, filter_is_valid

LEVEL = st.sampled_from(["a", "b", "", "$x"])
TOPICS = st.lists(LEVEL, min_size=1, max_size=4).map("/".join).filter(bool)
FILTERS = st.lists(st.sampled_from(["a", "b", "", "$x", "+", "#"]), min_size=1, max_size=4).map("/".join).filter(filter_is_valid)


def matches(topic_filter: str, topic: str) -> bool:
    """The standard's rules, written the slow way: level by level, one filter at a time."""
    wanted, given_ = topic_filter.split("/"), topic.split("/")
    if topic.startswith("$") and wanted[0] in {"+", "#"}:
        return False
    for index, level in enumerate(wanted):
        if level == "#":
            return True
        if index == len(given_) or level not in {"+", given_[index]}:
            return False
    return len(wanted) == len(given_)


@pytest.mark.parametrize(
    ("topic_filter", "topic", "expected"),
    [
        ("a/b", "a/b", True),
        ("a/+", "a/b", True),
        ("a/+", "a", False),
        ("a/+", "a/", True),
        ("a/+", "a/b/c", False),
        ("+/+", "/b", True),
        ("/+", "/b", True),
        ("+", "/b", False),
        ("a/#", "a", True),
        ("a/#", "a/b/c", True),
        ("#", "a/b/c", True),
        ("a/+/c/#", "a/b/c", True),
        ("A/b", "a/b", False),
        ("#", "$SYS/x", False),
        ("+/x", "$SYS/x", False),
        ("$SYS/#", "$SYS/x", True),
        ("$SYS/+", "$SYS/x", True),
        ("a/+", "a/$x", True),
    ],
)
def test_a_filter_matches_what_the_standard_says(topic_filter: str, topic: str, expected: bool) -> None:
    tree: Subscriptions[str] = Subscriptions()
    tree.add(topic_filter, "me", 1)
    assert (tree.matching(topic) == {"me": 1}) is expected
    assert matches(topic_filter, topic) is expected


@given(st.lists(st.tuples(FILTERS, st.integers(1, 3), st.integers(0, 1)), max_size=12), TOPICS)
def test_the_tree_agrees_with_asking_every_filter(entries: list[tuple[str, int, int]], topic: str) -> None:
    tree: Subscriptions[int] = Subscriptions()
    kept: dict[tuple[str, int], int] = {}
    for topic_filter, who, qos in entries:
        tree.add(topic_filter, who, qos)
        kept[topic_filter, who] = qos
    expected: dict[int, int] = {}
    for (topic_filter, who), qos in kept.items():
        if matches(topic_filter, topic):
            expected[who] = max(qos, expected.get(who, 0))
    assert tree.matching(topic) == expected


@given(st.lists(st.tuples(FILTERS, st.integers(1, 3)), max_size=12, unique=True))
def test_nothing_is_left_when_everybody_has_gone(entries: list[tuple[str, int]]) -> None:
    tree: Subscriptions[int] = Subscriptions()
    for topic_filter, who in entries:
        tree.add(topic_filter, who, 1)
    assert all(tree.remove(topic_filter, who) for topic_filter, who in entries)
    assert not tree._root.below
    assert not any(tree.remove(topic_filter, who) for topic_filter, who in entries)


def test_forgetting_one_leaves_the_others() -> None:
    tree: Subscriptions[str] = Subscriptions()
    for topic_filter in ("a", "a/b", "a/b/c"):
        tree.add(topic_filter, "me", 1)
    assert tree.remove("a/b", "me")
    assert [bool(tree.matching(topic)) for topic in ("a", "a/b", "a/b/c")] == [True, False, True]


@pytest.mark.parametrize("topic_filter", ["", "a/#/b", "a#", "#a", "a+/b", "+a", "##", "/".join("a" * (LEVELS_MAX + 1))])
def test_a_filter_the_standard_does_not_know_is_invalid(topic_filter: str) -> None:
    assert not filter_is_valid(topic_filter)


@pytest.mark.parametrize("topic_filter", ["#", "+", "/", "a", "a/+/b", "a/#", "+/+/#", "/".join("a" * LEVELS_MAX)])
def test_a_filter_the_standard_knows_is_valid(topic_filter: str) -> None:
    assert filter_is_valid(topic_filter)
