"""What is raised in place of an input at which our own code fails."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from alarmcore.admission import registry_of
from alarmcore.faults import FAULT, fault_of_reading, fault_of_timer
from alarmcore.intake import Raw
from alarmcore.model.alarm import Slot
from alarmcore.runner import Item
from alarmcore.sitefile import check_document, require
from tests.servers.town import town

NOW = datetime(2026, 1, 14, 12, tzinfo=UTC)
REGISTRY = registry_of([require(check_document(town(), "test"))])


def raw(kind: str, payload: bytes = b"{}", device: str = "pendant-1", tenant: str = "grastorp") -> Raw:
    return Raw(tenant, device, kind, payload, NOW)


@pytest.mark.parametrize(
    ("kind", "payload", "cause"),
    [
        ("button", b"{}", "button"),
        ("button", b"\xff", "button"),
        ("fall", b"{}", "fall"),
        ("floor", b'{"on_floor": true}', "on_floor"),
    ],
)
def test_what_must_not_be_lost_goes_to_the_persons_own_place_at_the_centres(kind: str, payload: bytes, cause: str) -> None:
    item = fault_of_reading(raw(kind, payload), REGISTRY)
    assert item is not None
    assert item.key == Slot("grastorp", "r1", FAULT)
    assert (item.event.cause, item.event.priority, item.event.chain) == (cause, "critical", "")
    assert item.event.why.endswith(FAULT)


@pytest.mark.parametrize(("kind", "payload"), [("position", b"{}"), ("floor", b'{"on_floor": false}'), ("dance", b"{}")])
def test_anything_else_raises_nothing(kind: str, payload: bytes) -> None:
    assert fault_of_reading(raw(kind, payload), REGISTRY) is None


def test_a_press_of_a_device_that_nobody_carries_has_a_place_of_its_own() -> None:
    one = fault_of_reading(raw("button", device="drawer/1"), REGISTRY)
    two = fault_of_reading(raw("button", device="drawer-2"), REGISTRY)
    assert one is not None
    assert two is not None
    assert one.key == Slot("grastorp", "", FAULT, "drawer_1")
    assert two.key != one.key


def test_nobody_is_told_for_a_tenant_that_is_not_here() -> None:
    assert fault_of_reading(raw("button", tenant="nowhere"), REGISTRY) is None


@pytest.mark.parametrize(
    ("key", "slot"),
    [
        (("grastorp", "r1"), Slot("grastorp", "r1", FAULT)),
        (Slot("grastorp", "r1", "press"), Slot("grastorp", "r1", FAULT)),
        (Slot("grastorp", "", "unknown_device", "x"), Slot("grastorp", "", FAULT, "x")),
    ],
)
def test_a_timer_is_told_about_in_its_persons_place(key: object, slot: Slot) -> None:
    item = fault_of_timer(Item("chain", key, None), NOW)
    assert item is not None
    assert item.key == slot
    assert item.event.cause == FAULT


def test_the_timer_of_such_an_alarm_itself_raises_no_other() -> None:
    assert fault_of_timer(Item("chain", Slot("grastorp", "r1", FAULT), None), NOW) is None
