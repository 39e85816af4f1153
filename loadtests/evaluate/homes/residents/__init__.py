"""Made-up residents with chosen habits and troubles, whose truth is known: for what recordings are too short for."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

import msgspec

from loadtests.evaluate.homes.home import Home
from loadtests.evaluate.homes.residents.habits import Habits, Incident, drawn
from loadtests.evaluate.homes.residents.life import Luck, live, seen
from loadtests.evaluate.homes.residents.movement import both_out
from loadtests.evaluate.homes.residents.sensors import sense
from loadtests.evaluate.homes.residents.wall import Wall

__all__ = ["FIRST_DAY", "Habits", "Incident", "contrast", "generate", "resident"]

FIRST_DAY: Final = date(2026, 8, 17)
"""A Monday; ninety days from here the clocks have been put back."""
ZONE: Final = ZoneInfo("Europe/Stockholm")

CONTRAST_DAYS: Final = 60
CONTRAST_MIN: Final = (5.0, 40.0)
CONTRAST: Final = Habits(leaves=2.2, up_early=0.6, up_dawn=1.6, up_spread=0.4)
"""Up often enough that a month shows the habit, for shorter early in the night and for longer towards the morning."""


def generate(seed: int, number: int, days: int, *, first_day: date = FIRST_DAY) -> Iterator[Home]:
    """So many residents of the population, one after the other, from noon of `first_day` for so many days.

    Each depends on the seed, its own number, the days and the first day only.
    """
    wall = Wall(first_day, days, ZONE)
    for n in range(number):
        habits = drawn(_luck(seed, n)("habits"), days, wall.change_day())
        yield resident(seed, n, days, habits, first_day=first_day)


def resident(seed: int, number: int, days: int, habits: Habits, *, first_day: date = FIRST_DAY) -> Home:
    """One with those habits. What is up to chance hangs on seed and number; habits that do not differ bring the same."""
    wall, luck = Wall(first_day, days, ZONE), _luck(seed, number)
    lives = [live(habits, wall, luck)]
    if habits.partner:
        lives.append(live(_partner(habits), wall, lambda name: luck(f"partner-{name}")))
    return Home(
        name="-".join(("resident", f"{number:04}", *habits.sorts())),
        tz=ZONE,
        devices=habits.devices(),
        readings=sense(habits, lives, wall, luck),
        leaves=lives[0].leaves(wall),
        sleeps=lives[0].sleeps(wall, luck("asleep")),
        away=seen(both_out(lives), wall),
    )


def contrast(seed: int) -> tuple[Home, Home]:
    """Two who differ in nothing but how long they are up at night: 5 minutes in the median, and 40."""
    short, long = (
        resident(seed, 0, CONTRAST_DAYS, msgspec.structs.replace(CONTRAST, up_min=minutes))._replace(
            name=f"contrast-{minutes:g}-min"
        )
        for minutes in CONTRAST_MIN
    )
    return short, long


def _partner(habits: Habits) -> Habits:
    """Who shares the bed: keeps much the same hours, is up for a little now and then, and does not fall ill or travel along."""
    return Habits(bed_h=habits.bed_h + 0.3, rise_h=habits.rise_h - 0.3, leaves=0.8, outings=habits.outings / 2)


def _luck(seed: int, number: int) -> Luck:
    return lambda name: random.Random(f"resident-{seed}-{number}-{name}")
