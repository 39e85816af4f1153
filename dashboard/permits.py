"""What a device may do at a broker: the rules of `deploy/mosquitto/access.acl`, for brokers that ask."""

from __future__ import annotations

import re
from typing import Final, Literal

Access = Literal["publish", "hear"]

DEVICE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}/[a-z0-9][a-z0-9_-]{0,62}")
"""A device's name at a broker: TENANT/DEVICE. Nothing in it means something in a topic filter."""

WILD: Final = frozenset("+#\x00")
"""What no topic that is published to has in it."""

ACCESS: Final[dict[object, Access]] = {
    "publish": "publish", "2": "publish", 2: "publish",
    "subscribe": "hear", "4": "hear", 4: "hear", "1": "hear", 1: "hear",
}  # fmt: skip
"""How brokers call what a client wants: EMQX's `action`, Mosquitto's `acc` (1 hears a message, 2 publishes, 4 subscribes)."""


def names_device(username: str) -> bool:
    """Whether this can be a device's name; the service's own account never is one."""
    return DEVICE.fullmatch(username) is not None


def ours(client_id: str) -> bool:
    """Whether a client calls itself as the service's sessions are called: it would take over what waits for them."""
    return client_id.startswith("alarmcore-") and "/" not in client_id


def may(username: str, access: Access | None, topic: str) -> bool:
    """Whether a device may publish to a topic, or hear a topic filter."""
    if not names_device(username):
        return False
    if access == "hear":
        return topic == f"alarmcore/ack/v1/{username}"
    if access != "publish" or WILD & set(topic):
        return False
    own = f"alarmcore/v1/{username}/"
    return topic == f"owntracks/{username}" or (topic.startswith(own) and topic != own)
