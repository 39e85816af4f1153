"""A zone is called what people call it: on maps, and in the sentence that says why."""

from __future__ import annotations

from alarmcore.model.alarm import Facts
from dashboard.views import reason_view, zones_view
from tests.stories import town

SITE = town(
    "[{id: wander, kind: zone_exit, zones: [home, garden-2]}]",
    """
    zones:
      - {id: home, name: Hemzonen, circle: {lat: 58.3345, lon: 12.6784, radius_m: 150}}
      - {id: garden-2, circle: {lat: 58.3345, lon: 12.6784, radius_m: 150}}
    """,
)
FACTS = Facts("outside", ("home",), 187, 190, 4, 12)


def test_maps_show_the_name_and_where_there_is_none_the_id() -> None:
    labels = [feature["properties"] for feature in zones_view(SITE.residents[0])["features"]]
    assert labels == [{"id": "home", "name": "Hemzonen"}, {"id": "garden-2", "name": "garden-2"}]


def test_reasons_say_the_name_in_both_languages() -> None:
    assert reason_view(FACTS, SITE.residents[0]) == {
        "sv": "190 m utanför Hemzonen i 3 min, fyra positioner stämmer överens",
        "en": "190 m outside Hemzonen for 3 min, four fixes agree",
    }
