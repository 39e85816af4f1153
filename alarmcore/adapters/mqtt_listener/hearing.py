"""What one client hears: its filters, each judged by the gate, and the messages on their way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alarmcore.adapters.mqtt_listener.codes import LEVEL_5, Code
from alarmcore.adapters.mqtt_listener.limits import SUBSCRIPTIONS_MAX
from alarmcore.adapters.mqtt_listener.outbox import Outbox
from alarmcore.adapters.mqtt_listener.topics import filter_is_valid

if TYPE_CHECKING:
    from alarmcore.adapters.mqtt_listener.connection import Connection
    from alarmcore.adapters.mqtt_listener.house import House
    from alarmcore.adapters.mqtt_listener.packets import Connect, Subscribe, Unsubscribe


class Hearing:
    """Made with a client's first SUBSCRIBE, so that those who only talk cost nothing here."""

    __slots__ = ("_connection", "_filters", "_house", "_principal", "_v5", "outbox")

    def __init__(self, house: House, connection: Connection, connect: Connect, principal: str) -> None:
        self._house = house
        self._connection = connection
        self._principal = principal
        self._v5 = connect.level == LEVEL_5
        self._filters: set[str] = set()
        self.outbox = Outbox(house.limits, v5=self._v5, receive_max=connect.receive_max, packet_max=connect.packet_max)

    def subscribe(self, asked: Subscribe) -> list[int]:
        """One answer per filter: the granted QoS, or why not."""
        return [self._subscribe(name, qos, numbered=asked.numbered) for name, qos in asked.filters]

    def _subscribe(self, name: str, qos: int, *, numbered: bool) -> int:
        if not filter_is_valid(name):
            return Code.FILTER_INVALID
        if numbered:
            return Code.SUBSCRIPTION_ID_NOT_SUPPORTED
        if self._v5 and name.startswith("$share/"):
            return Code.SHARED_NOT_SUPPORTED
        if len(self._filters) >= SUBSCRIPTIONS_MAX and name not in self._filters:
            return Code.QUOTA_EXCEEDED
        if not self._house.gate.may_subscribe(self._principal, name):
            return Code.NOT_AUTHORIZED
        granted = min(qos, 1)
        self._filters.add(name)
        self._house.subscriptions.add(name, self._connection, granted)
        return granted

    def unsubscribe(self, asked: Unsubscribe) -> list[int]:
        """One answer per filter."""
        return [Code.SUCCESS if self._unsubscribe(name) else Code.NO_SUBSCRIPTION_EXISTED for name in asked.filters]

    def _unsubscribe(self, name: str) -> bool:
        self._filters.discard(name)
        return self._house.subscriptions.remove(name, self._connection)

    def close(self) -> None:
        """Hear nothing more."""
        for name in self._filters:
            self._house.subscriptions.remove(name, self._connection)
        self._filters.clear()
