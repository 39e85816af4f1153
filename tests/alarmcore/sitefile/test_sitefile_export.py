"""What is written reads back equal, looks like what people write, and is the same for the same site."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore.model.site import Site
from alarmcore.sitefile import check_document, dump_site, read_site, require
from alarmcore.sitefile.document import parse_document
from alarmcore.sitefile.yaml12 import parsed_slowly, read

HERE = Path(__file__).parent


def reread(text: str) -> Site:
    return require(check_document(parse_document(text).value, "exported"))


@pytest.mark.parametrize("name", ["grastorp.yaml", "complete.yaml"])
def test_an_exported_site_reads_back_equal_and_exports_the_same_again(name: str) -> None:
    site = require(read_site(HERE / name))
    text = dump_site(site)
    again = reread(text)
    assert again == site
    assert dump_site(again) == text


def test_the_order_of_fields_in_the_source_does_not_change_the_export() -> None:
    site = require(read_site(HERE / "complete.yaml"))
    turned = {name: site.source[name] for name in reversed(site.source)}
    turned["tenant"] = dict(reversed(site.source["tenant"].items()))
    assert dump_site(require(check_document(turned, "turned"))) == dump_site(site)


def test_every_entry_with_an_id_has_a_line_of_its_own() -> None:
    lines = dump_site(require(read_site(HERE / "complete.yaml"))).splitlines()
    assert "      - {id: press, kind: button}" in lines
    assert '      - {id: gps-1, kind: gps, from: 2026-01-10, until: "2026-03-29T12:00:00+02:00"}' in lines
    assert all(len(line) <= 120 for line in lines)


def test_empty_fields_and_odd_members_of_a_geometry_come_back() -> None:
    source = copy.deepcopy(require(read_site(HERE / "complete.yaml")).source)
    source["units"][0]["duty"] = None
    source["residents"][0]["zones"][3]["area"] |= {
        "bbox": [],
        "note": {},
        "far": float("-inf"),
        "big": 1e300,
        "words": ["no", None, True],
    }
    site = require(check_document(source, "odd"))
    assert reread(dump_site(site)) == site


AWKWARD = (
    "no",
    "22:00",
    "+46700000001",
    "1e3",
    "0x1f",
    "017",
    "~",
    "a: b",
    "a #b",
    " a",
    "-",
    "'",
    '"',
    "[x]",
    "null",
    "N",
    "a\\b",
    "&a",
    "*a",
    "!a",
    "%",
    "@",
    "=",
    "<<",
    "å🙂",
    "\u00a0",
    "é\u200d",
    "\ufeffa",
    "{a: b}",
)


@pytest.mark.parametrize("name", AWKWARD)
def test_a_name_that_looks_like_something_else_stays_text(name: str) -> None:
    source = require(read_site(HERE / "complete.yaml")).source
    changed = source | {"tenant": source["tenant"] | {"name": name}}
    checked = check_document(changed, "awkward")
    if name.strip():
        assert reread(dump_site(require(checked))).tenant.name == name
    else:
        assert checked.site is None


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=30))
def test_any_name_that_is_accepted_comes_back_from_both_parsers(name: str) -> None:
    document = {"version": 1, "tenant": {"id": "t", "name": name}}
    site = check_document(document, "any").site
    if site is None:
        return
    text = dump_site(site)
    assert read(text)[0] == document
    scalars = [event.value for event in parsed_slowly(text) if type(event).__name__ == "ScalarEvent"]
    assert scalars[-1] == name
