"""The reference page of the site file leaves nothing out, and its example works."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from alarmcore.rules import RULES
from alarmcore.sitefile import check, check_document, parties, residents, values, zones
from alarmcore.sitefile.document import parse_document
from alarmcore.sitefile.rules import USUAL, rule_fields
from alarmcore.sitefile.sense import GIVES

PAGE = (Path(__file__).parents[3] / "docs" / "site-file.md").read_text(encoding="utf-8")
NAMED = {word for quoted in re.findall(r"`([^`\n]+)`", PAGE) for word in re.findall(r"\w+", quoted)}

WORDS = {
    "fields": {
        *(*check.SITE, *parties.TENANT, *parties.AGREEMENT, *parties.CONTACT, *parties.UNIT, *parties.CHAIN, *parties.LINK),
        *(*residents.RESIDENT, *residents.CONSENT, *residents.RESPONSIBLE, *residents.DEVICE, *zones.ZONE),
        *(*zones.CIRCLE, *zones.CORRIDOR, *residents.STAY, *values.PLACE, *values.WINDOW, *values.CHANNEL, *USUAL),
    },
    "rules": {*RULES, *(name for rule in RULES.values() for name in rule_fields(rule))},
    "choices": {
        *values.CHANNELS,
        *values.DAYS,
        *residents.BASES,
        *parties.RIGHTS,
        *parties.UNIT_KINDS,
        *parties.LANGUAGES,
        *GIVES,
    },
}


@pytest.mark.parametrize("sort", WORDS)
def test_the_page_names_every_word_that_a_file_may_use(sort: str) -> None:
    assert WORDS[sort] - NAMED == set()


def test_the_page_s_smallest_file_has_neither_mistake_nor_warning() -> None:
    smallest, _, _ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert check_document(parse_document(smallest).value, "page").mistakes == []


def test_the_page_s_zones_have_neither_mistake_nor_warning() -> None:
    smallest, zones, _ = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    checked = check_document(parse_document(smallest + zones).value, "page")
    assert checked.mistakes == []
    assert checked.site is not None
    assert [zone.id for zone in checked.site.residents[0].zones] == ["home", "shop", "town"]


@pytest.mark.parametrize("kind", RULES)
def test_the_page_names_the_own_fields_and_the_priority_of_every_kind_of_rule(kind: str) -> None:
    (row,) = re.findall(rf"^\| `{kind}` \|(.*)$", PAGE, re.MULTILINE)
    fields = rule_fields(RULES[kind])
    own = [name for name in fields if name not in {"id", "priority", "active", "chain", "again_s"}]
    assert all(f"`{name}`" in row for name in own)
    assert f"`{fields['priority'].default}`" in row
