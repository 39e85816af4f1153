"""Our session to an external MQTT 5 broker: it acknowledges a reading only once that reading is kept.

`MqttSession` connects, subscribes, hands every PUBLISH to an intake and gives each one a `done`. The broker's
acknowledgement waits for that `done`, so whatever was not kept when a process dies is sent again to the next one.

The client is our own protocol on the `mqtt5` packet codec, because it must acknowledge late and in batches: of the
clients measured, this is the one that does so and still keeps up with a subscriber written in C.

    address     where the broker is, from a URL
    packets     bytes -> packets, also those that the codec cannot read
    inbound     which acknowledgements are due, in order of arrival (no I/O)
    outbound    what we publish, until the broker has it (no I/O)
    connection  one TCP connection, from CONNECT to its end
    session     connection after connection
"""

from alarmcore.adapters.mqtt_session.inbound import Intake
from alarmcore.adapters.mqtt_session.session import MqttSession

__all__ = ["Intake", "MqttSession"]
