"""Site files: the contract's example, a complete one, one broken file per mistake, and documents that nobody would write."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, time
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore.calendar import Window
from alarmcore.errors import SiteInvalid
from alarmcore.model.site import Channel, Site
from alarmcore.rules import RULES
from alarmcore.sitefile import Checked, check_document, ledger, read_site, require
from alarmcore.sitefile.document import read_document

HERE = Path(__file__).parent
EXAMPLE = HERE / "grastorp.yaml"
COMPLETE = HERE / "complete.yaml"
BROKEN = sorted((HERE / "broken").glob("*.yaml"))

PRIVATE = ("Boende", "Exempels kommun", "4670000", "070000", "58.", "12.7", "eva.example", "Storgatan", "Andersson")
"""What stands in the test files and must never stand in a message."""


@pytest.fixture(scope="module")
def example() -> Site:
    return require(read_site(EXAMPLE))


def document(path: Path = EXAMPLE) -> Any:
    return copy.deepcopy(read_document(path).value)


def said(checked: Checked) -> list[str]:
    return [re.sub(r" \(line \d+\)$", "", str(mistake)) for mistake in checked.mistakes]


@pytest.mark.parametrize("path", BROKEN, ids=[path.stem for path in BROKEN])
def test_every_mistake_of_a_broken_file_is_said_and_no_other(path: Path) -> None:
    """The first lines of each file name what is to be said of it, in order of the file."""
    expected = [line[2:] for line in path.read_text().splitlines() if line.startswith("# ")]
    checked = read_site(path)
    found = said(checked)
    assert len(found) == len(expected)
    assert all(one.startswith(start) for one, start in zip(found, expected, strict=True)), found
    assert (checked.site is None) == any(one.startswith("error") for one in expected)


@pytest.mark.parametrize("path", BROKEN, ids=[path.stem for path in BROKEN])
def test_a_message_says_what_to_do_and_repeats_nothing_private(path: Path) -> None:
    for mistake in read_site(path).mistakes:
        assert ";" in mistake.text
        assert not any(word in str(mistake) for word in PRIVATE)
        assert not mistake.text.endswith(".")


def test_the_contract_s_example_is_a_site(example: Site) -> None:
    assert example.tenant.id == "grastorp"
    assert example.tenant.language == "sv"
    assert example.recipient_by_ref["contact:eva"].channels == (
        Channel("sms", "+46700000001"),
        Channel("email", "eva@example.org"),
    )
    assert example.chain_by_id["standard"].links[1].tell == ("unit:night-patrol",)
    assert example.chain_by_id["technical"].follow_up_s == 1800.0
    person = example.resident_by_id["r1"]
    assert [zone.id for zone in person.zones] == ["home", "village"]
    assert [(rule.id, rule.kind, rule.priority) for rule in person.rules] == [
        ("press", "button", "critical"),
        ("wander", "zone_exit", "high"),
        ("night", "out_of_bed", "high"),
    ]
    assert person.rules[2].active == (Window(time(22), time(6)),)


def test_the_contract_s_example_warns_only_of_the_stay_that_is_not_prepared_yet() -> None:
    checked = read_site(EXAMPLE)
    assert [mistake.path for mistake in checked.mistakes] == [
        "residents[0].stays[0].zones[0]",
        "residents[0].stays[0].chain",
        "residents[0].stays[0].host",
    ]
    assert checked.site is not None
    assert checked.site.residents[0].stays[0].chain is None
    assert checked.site.residents[0].stays[0].zones == ()


def test_a_from_date_is_its_first_instant_and_an_until_date_the_first_of_the_next_day(example: Site) -> None:
    person = example.residents[0]
    assert person.devices[0].from_ == datetime(2026, 1, 9, 23, tzinfo=UTC)
    assert person.consent is not None
    assert person.consent.until == datetime(2027, 1, 10, 23, tzinfo=UTC)
    assert person.stays[0].from_ == datetime(2026, 6, 30, 22, tzinfo=UTC)
    assert person.stays[0].until == datetime(2026, 7, 14, 22, tzinfo=UTC)


def test_a_date_time_with_an_offset_is_taken_as_it_is() -> None:
    given = document()
    given["residents"][0]["devices"][0]["from"] = "2026-01-10T08:30:00+01:00"
    given["residents"][0]["devices"][0]["until"] = "2026-02-10T08:30Z"
    device = require(check_document(given, "site")).residents[0].devices[0]
    assert (device.from_, device.until) == (datetime(2026, 1, 10, 7, 30, tzinfo=UTC), datetime(2026, 2, 10, 8, 30, tzinfo=UTC))


def test_a_complete_file_has_neither_mistake_nor_warning() -> None:
    checked = read_site(COMPLETE, datetime(2026, 6, 1, tzinfo=UTC))
    assert said(checked) == []
    assert {rule.kind for resident in require(checked).residents for rule in resident.rules} == set(RULES)


def test_every_rule_takes_its_defaults_from_its_class() -> None:
    rules = {rule.id: rule for resident in require(read_site(COMPLETE)).residents for rule in resident.rules}
    assert {rule.priority for rule in rules.values() if rule.kind in {"button", "fall", "on_floor"}} == {"critical"}
    assert rules["battery"].priority == "technical"
    assert (getattr(rules["battery"], "below_pct", None), getattr(rules["battery"], "clear_pct", None)) == (20.0, 30.0)
    assert rules["press"].again_s == 3600.0
    assert rules["press"].active == ()


def test_json_and_yaml_give_the_same_site(tmp_path: Path, example: Site) -> None:
    path = tmp_path / "grastorp.json"
    path.write_text(json.dumps(document()), encoding="utf-8")
    assert require(read_site(path)) == example


def test_an_error_carries_the_line_of_the_file() -> None:
    (mistake,) = read_site(HERE / "broken" / "rule_limit_negative.yaml").mistakes
    lines = (HERE / "broken" / "rule_limit_negative.yaml").read_text().splitlines()
    number = re.search(r"\(line (\d+)\)$", mistake.text)
    assert number is not None
    assert "limit_s: -5" in lines[int(number[1]) - 1]


def test_a_missing_field_carries_the_line_of_what_it_is_missing_in() -> None:
    (mistake,) = read_site(HERE / "broken" / "zone_radius_missing.yaml").mistakes
    lines = (HERE / "broken" / "zone_radius_missing.yaml").read_text().splitlines()
    number = re.search(r"\(line (\d+)\)$", mistake.text)
    assert number is not None
    assert "circle" in lines[int(number[1]) - 1]


def test_require_raises_with_all_mistakes() -> None:
    checked = read_site(HERE / "broken" / "many_mistakes_at_once.yaml")
    with pytest.raises(SiteInvalid, match="has 6 mistakes") as caught:
        require(checked)
    assert caught.value.mistakes == checked.mistakes


def test_a_centre_that_only_a_page_can_tell_is_named() -> None:
    checked = read_site(HERE / "broken" / "centre_with_console_only.yaml")
    assert checked.console_only_centres == ["centre"]
    assert checked.site is not None
    assert read_site(EXAMPLE).console_only_centres == []


def test_a_centre_on_duty_in_shifts_that_cover_the_week_may_end_a_chain() -> None:
    given = document()
    given["units"][1]["duty"] = [{"from": "07:00", "to": "19:00"}, {"from": "19:00", "to": "07:00"}]
    assert check_document(given, "site").errors == []
    given["units"][1]["duty"][1]["days"] = ["mon", "tue", "wed", "thu", "fri", "sat"]
    assert [mistake.path for mistake in check_document(given, "site").errors] == ["chains[0].links[2]", "chains[1].links[0]"]


def test_a_device_may_be_handed_over_on_one_day_and_not_on_two() -> None:
    given = document()
    other = {"id": "r2", "name": "B", "chain": "standard", "devices": [{"id": "gps-1", "kind": "gps", "from": "2026-03-29"}]}
    given["residents"].append(other)
    given["residents"][0]["devices"][0]["until"] = "2026-03-29"
    assert check_document(given, "site").errors == []
    given["residents"][0]["devices"][0]["until"] = "2026-03-30"
    assert [mistake.path for mistake in check_document(given, "site").errors] == ["residents[1].devices[0].id"]


@pytest.mark.parametrize(
    ("until", "from_", "warned"),
    [
        ("2026-03-29", "2026-03-29", True),
        ("2026-03-29T12:00:00+02:00", "2026-03-29", True),
        ("2026-03-29", "2026-03-29T12:00:00+02:00", False),  # who gets it has it from then on
        ("2026-03-29T12:00:00+02:00", "2026-03-29T12:00:00+02:00", False),
        ("2026-03-28", "2026-03-29", False),
    ],
)
def test_a_day_on_which_a_device_is_of_two_is_warned_of_unless_it_is_said_when(until: str, from_: str, warned: bool) -> None:
    given = document()
    device = {"id": "gps-1", "kind": "gps", "from": from_}
    given["residents"].append({"id": "r2", "name": "B", "chain": "standard", "devices": [device]})
    given["residents"][0]["devices"][0]["until"] = until
    checked = check_document(given, "site")
    found = [mistake.path for mistake in checked.warnings if "is of two that day" in mistake.text]
    assert (checked.errors, found) == ([], ["residents[1].devices[0].from"] if warned else [])


def test_a_device_lent_in_the_middle_of_another_belonging_is_found() -> None:
    given = document()
    given["residents"][0]["devices"][0]["until"] = "2026-12-31"
    for name, start, end in (("r2", "2026-03-01", "2026-03-31"), ("r3", "2026-11-01", "2027-01-31")):
        device = {"id": "gps-1", "kind": "gps", "from": start, "until": end}
        given["residents"].append({"id": name, "name": "B", "chain": "standard", "devices": [device]})
    found = [mistake.path for mistake in check_document(given, "site").errors]
    assert found == ["residents[1].devices[0].id", "residents[2].devices[0].id"]


@pytest.mark.parametrize(
    ("now", "word"), [("2027-01-12", "has lapsed"), ("2027-01-01", "lapses within 30 days"), ("2026-06-01", None)]
)
def test_a_consent_that_lapses_is_warned_of_when_the_time_is_known(now: str, word: str | None) -> None:
    checked = read_site(EXAMPLE, datetime.fromisoformat(now).replace(tzinfo=UTC))
    consent = [mistake.text for mistake in checked.warnings if mistake.path == "residents[0].consent"]
    assert [word in text for text in consent if word] == ([True] if word else [])
    assert checked.site is not None


def test_a_faulty_part_is_still_there_for_those_that_refer_to_it() -> None:
    """One mistake is one message: a contact with a wrong phone number is no unknown contact."""
    given = document()
    given["contacts"][0]["channels"][0]["to"] = "0700"
    given["units"][1]["name"] = 5
    assert [mistake.path for mistake in check_document(given, "site").errors] == ["contacts[0].channels[0].to", "units[1].name"]


def test_a_field_that_is_empty_counts_as_left_out() -> None:
    given = document()
    given["units"][0]["duty"] = None
    given["residents"][0]["stays"] = None
    site = require(check_document(given, "site"))
    assert (site.units[0].duty, site.residents[0].stays) == ((), ())


def test_24_00_is_the_midnight_at_the_end_of_the_day() -> None:
    given = document()
    given["units"][0]["duty"] = [{"from": "08:00", "to": "24:00"}]
    assert require(check_document(given, "site")).units[0].duty == (Window(time(8), time(0)),)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=12)
    | st.sampled_from(["r1", "home", "button", "unit:centre"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=200, deadline=None)
@given(json_values)
def test_any_json_document_is_checked_and_never_raises(value: object) -> None:
    checked = check_document(value, "anything")
    assert checked.site is None
    assert checked.errors


def places(value: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every container of a document with each of its keys."""
    pairs = list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    for key, inner in pairs:
        found.append((value, key))
        places(inner, found)
    return found


@settings(max_examples=400, deadline=None)
@given(st.data(), json_values, st.sampled_from([EXAMPLE, COMPLETE]))
def test_a_good_file_with_one_value_replaced_is_checked_and_never_raises(data: st.DataObject, value: object, path: Path) -> None:
    given_document = document(path)
    container, key = data.draw(st.sampled_from(places(given_document, [])))
    container[key] = value
    checked = check_document(given_document, "anything")
    assert (checked.site is None) == bool(checked.errors)


def grown(count: int) -> dict[str, Any]:
    """A file of many residents, all wrong in the same way."""
    given: dict[str, Any] = document()
    one = given["residents"][0]
    one["stays"] = []
    given["residents"] = [
        one | {"id": f"r{n}", "chain": f"chain-{n}", "devices": [{"id": f"d{n}", "kind": "gps"}, {"id": "shared", "kind": "bed"}]}
        for n in range(count)
    ]
    return given


def test_two_thousand_residents_with_two_mistakes_each_are_all_said() -> None:
    checked = check_document(grown(2000), "large")
    assert len(checked.errors) == 2000 + 1999


class Calls:
    """Counts how often the search for a similar word runs."""

    def __init__(self, real: Callable[..., list[str]]) -> None:
        self.real, self.count = real, 0

    def __call__(self, *args: Any, **kwargs: Any) -> list[str]:
        self.count += 1
        return self.real(*args, **kwargs)


def test_similar_names_are_sought_for_a_bounded_number_of_mistakes(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = Calls(get_close_matches)
    monkeypatch.setattr(ledger, "get_close_matches", calls)
    check_document(grown(2000), "large")
    assert 0 < calls.count <= ledger.SUGGESTIONS_MAX
