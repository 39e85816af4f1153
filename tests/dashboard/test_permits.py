"""What a device may do at a broker that asks: the same as at one that has our list of rules."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dashboard.permits import ACCESS, Access, may, names_device, ours

ME = "grastorp/gps-1"
LIST = (Path(__file__).parents[2] / "deploy" / "mosquitto" / "access.acl").read_text()


@pytest.mark.parametrize(
    ("access", "topic", "allowed"),
    [
        ("publish", "alarmcore/v1/grastorp/gps-1/button", True),
        ("publish", "alarmcore/v1/grastorp/gps-1/button/more", True),
        ("publish", "owntracks/grastorp/gps-1", True),
        ("publish", "alarmcore/v1/grastorp/gps-1", False),
        ("publish", "alarmcore/v1/grastorp/gps-1/", False),
        ("publish", "alarmcore/v1/grastorp/gps-10/button", False),
        ("publish", "alarmcore/v1/tanum/gps-1/button", False),
        ("publish", "alarmcore/v1/grastorp/gps-1/#", False),
        ("publish", "alarmcore/v1/grastorp/+/button", False),
        ("publish", "alarmcore/ack/v1/grastorp/gps-1", False),
        ("publish", "owntracks/grastorp/gps-1/event", False),
        ("publish", "", False),
        ("hear", "alarmcore/ack/v1/grastorp/gps-1", True),
        ("hear", "alarmcore/ack/v1/grastorp/gps-1/#", False),
        ("hear", "alarmcore/ack/v1/grastorp/+", False),
        ("hear", "alarmcore/ack/v1/#", False),
        ("hear", "alarmcore/v1/grastorp/gps-1/button", False),
        ("hear", "$SYS/#", False),
        (None, "alarmcore/v1/grastorp/gps-1/button", False),
    ],
)
def test_a_device_speaks_for_itself_and_hears_its_own_confirmations(access: Access | None, topic: str, allowed: bool) -> None:
    assert may(ME, access, topic) is allowed


@pytest.mark.parametrize(
    "name",
    ["", "grastorp", "/", "+/#", "grastorp/+", "a/b/c", "Grastorp/gps-1", "alarmcore.service", "a/b\n", "-/b", "a" * 64 + "/b"],
)
def test_what_is_no_devices_name_may_do_nothing(name: str) -> None:
    assert not names_device(name)
    for topic in (f"alarmcore/v1/{name}/button", f"owntracks/{name}"):
        assert not may(name, "publish", topic)
    assert not may(name, "hear", f"alarmcore/ack/v1/{name}")


def test_each_rule_of_mosquittos_list_for_devices_holds_here_too() -> None:
    rules = re.findall(r"^pattern (read|write) (\S+)$", LIST, flags=re.MULTILINE)
    assert len(rules) == 3
    for what, pattern in rules:
        topic = pattern.replace("%u", ME).replace("#", "button")
        assert may(ME, "publish" if what == "write" else "hear", topic), pattern
        assert not may("grastorp/gps-2", "publish" if what == "write" else "hear", topic), pattern


def test_nobody_wants_two_things_at_once() -> None:
    """Mosquitto's 3 is hearing and publishing; no topic of a device is for both."""
    assert ACCESS.get(3) is None
    assert {ACCESS[word] for word in (1, 4, "subscribe")} == {"hear"}
    assert {ACCESS[word] for word in (2, "2", "publish")} == {"publish"}


def test_the_services_own_client_ids_are_known() -> None:
    assert ours("alarmcore-0a1b2c3d-p07-presses")
    assert not ours("grastorp/gps-1")
    assert not ours("alarmcore-town/gps-1")
    assert not ours("")
