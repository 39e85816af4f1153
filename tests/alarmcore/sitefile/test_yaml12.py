"""YAML by the rules of version 1.2, whichever parser reads it, and what a site file may not hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore.sitefile import yaml12
from alarmcore.sitefile.yaml12 import DEPTH_MAX, Unreadable, lines, read

HERE = Path(__file__).parent


@pytest.fixture(params=["fast", "slow"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "slow":
        monkeypatch.setattr(yaml12, "parsed", yaml12.parsed_slowly)
    return str(request.param)


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("22:00", "22:00"),
        ("no", "no"),
        ("on", "on"),
        ("Y", "Y"),
        ("2026-01-10", "2026-01-10"),
        ("2026-01-10T08:00:00Z", "2026-01-10T08:00:00Z"),
        ("1_000", "1_000"),
        ("017", 17),
        ("0o17", 15),
        ("0x1F", 31),
        ("-12", -12),
        ("+46700000001", 46700000001),
        ("1e3", 1000.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("true", True),
        ("FALSE", False),
        ("null", None),
        ("~", None),
        ("", None),
        ('"true"', "true"),
        ("'17'", "17"),
        ("!!str 17", "17"),
        ("! 17", "17"),
        ("http://127.0.0.1:9999/hook", "http://127.0.0.1:9999/hook"),
        ("unit:centre", "unit:centre"),
        ("[a, b: c, {d: e}]", ["a", {"b": "c"}, {"d": "e"}]),
        ("{from: 22:00, to: 06:00}", {"from": "22:00", "to": "06:00"}),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("1.2.3", "1.2.3"),
        ("-", [None]),
        ("=", "="),
        ("<<", "<<"),
        ("0b11", "0b11"),
        ("12e", "12e"),
    ],
)
def test_a_scalar_is_what_the_core_schema_of_1_2_says(text: str, value: Any) -> None:
    found = read(f"- {text}\n")[0][0]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.usefixtures("parser")
def test_infinity_and_not_a_number_are_numbers_for_the_checks_to_refuse() -> None:
    found = read("[.inf, -.INF, .nan]")[0]
    assert found[:2] == [float("inf"), float("-inf")]
    assert found[2] != found[2]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize("text", ["no: 1", "22: 1", "true: 1", "~: 1", '"no": 1'])
def test_a_field_name_is_text_whatever_it_looks_like(text: str) -> None:
    assert read(text)[0] == {text.partition(":")[0].strip('"'): 1}


@pytest.mark.usefixtures("parser")
def test_an_alias_stands_for_what_its_anchor_names() -> None:
    assert read("a: &night [{from: 22:00}]\nb: *night\n")[0] == {"a": [{"from": "22:00"}], "b": [{"from": "22:00"}]}


@pytest.mark.usefixtures("parser")
def test_a_field_that_stands_twice_is_shown_with_its_path_and_line() -> None:
    value, doubled = read("a:\n  - b: 1\n    c: {d: 2, d: 3}\n    b: 4\n")
    assert value == {"a": [{"b": 1, "c": {"d": 2}}]}
    assert [(one.path, one.line) for one in doubled] == [("a[0].c.d", 3), ("a[0].b", 4)]


@pytest.mark.usefixtures("parser")
@pytest.mark.parametrize(
    ("text", "word", "line"),
    [
        ("a: [1\nb: 2\n", "is not YAML", None),
        ("a: 1\n b: 2\n", "is not YAML", 2),
        ("a: !!binary aGVq\n", "tag", 1),
        ("a: !thing {b: c}\n", "tag", 1),
        ("a: 1\nb: *c\n", "anchor", 2),
        ("a: &a [*a]\n", "anchor", 1),
        ("{[a, b]: c}\n", "field name", 1),
        ("a: 1\n---\nb: 2\n", "2 documents", 0),
        ("", "is empty", 0),
        ("# nothing\n", "is empty", 0),
        ("a: " + "9" * 500, "number of 500", 1),
        ("[" * (DEPTH_MAX + 1) + "]" * (DEPTH_MAX + 1), "nested deeper", 1),
        ("a: \x01\n", "is not YAML", None),
    ],
)
def test_what_a_site_file_may_not_hold_is_refused_with_its_line(text: str, word: str, line: int | None) -> None:
    with pytest.raises(Unreadable, match=word) as caught:
        read(text)
    assert line is None or caught.value.line == line


@pytest.mark.usefixtures("parser")
def test_an_alias_bomb_is_refused_before_it_is_walked() -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for before, name in zip("abcdefghij", "bcdefghijk", strict=True):
        bomb += f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    with pytest.raises(Unreadable, match="aliases repeat"):
        read(bomb)


@pytest.mark.parametrize("path", sorted(HERE.rglob("*.yaml")), ids=lambda path: path.stem)
def test_both_parsers_read_every_test_file_alike(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = path.read_text()

    def outcome() -> tuple[Any, Any]:
        try:
            return read(text)
        except Unreadable as problem:
            return problem.line, problem.text.partition(":")[0]

    fast = outcome()
    monkeypatch.setattr(yaml12, "parsed", yaml12.parsed_slowly)
    assert outcome() == fast


@pytest.mark.usefixtures("parser")
def test_every_field_and_entry_has_its_line() -> None:
    found = dict(lines("a:\n  - b: 1\n    c: {d: 2}\n  - x\n"))
    assert found == {"": 1, "a": 2, "a[0]": 2, "a[0].b": 2, "a[0].c": 3, "a[0].c.d": 3, "a[1]": 4}


plain_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(categories=["L", "N"]), max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)


@settings(max_examples=150, deadline=None)
@given(plain_json)
def test_json_is_yaml_and_means_the_same(value: Any) -> None:
    assert read(json.dumps([value], ensure_ascii=False))[0] == [value]
