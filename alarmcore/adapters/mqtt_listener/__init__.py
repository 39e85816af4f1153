"""An MQTT server inside the process: MQTT 3.1, 3.1.1 and 5, in the event loop it is started in.

Why our own, when brokers can be installed: this one holds an acknowledgement back until our commit, so that a device's own
protocol says the truth: PUBACK (and PUBREC at QoS 2) means kept. It asks for every device what it may hear, adds no hop and no
process, and costs a few kilobytes per client.

It is a place where readings come in and confirmations go out, not a post office: what a client publishes goes to the
`Intake` and to nobody else; what clients hear is what `MqttListener.publish` is given. Therefore

- no session outlives its connection (session present is always 0), and nothing is queued for those who are away: what was not
  acknowledged is repeated by the device, what was not heard is asked for again;
- a retain flag is ignored, never refused: a press with a wrong flag is still a press. The same holds for a will's retain flag,
  its delay and its QoS;
- a will is published through the intake when a client is lost, is taken over or breaks the protocol; not when the listener
  itself closes;
- QoS 2 is understood on the way in; the way out is QoS 0 and 1;
- topic aliases, subscription identifiers and shared subscriptions are not offered, and MQTT 5 clients are told so;
- when a message could not be kept its client is hung up on (in MQTT 5 with 0x97 as the reason), which makes it repeat: MQTT 5
  could also say so in the acknowledgement, but widespread clients count that as published and forget the message;
- a message with too large a payload is skipped, not collected: the intake gets its beginning and answers the device; it is
  acknowledged (in MQTT 5 with 0x83) so that no device is stuck repeating it for ever;
- a client with too many messages waiting is not read from until they are fewer. Nothing is dropped.
"""

from alarmcore.adapters.mqtt_listener.limits import Counts, Limits
from alarmcore.adapters.mqtt_listener.listener import MqttListener
from alarmcore.adapters.mqtt_listener.ports import Gate, Guest, Intake

__all__ = ["Counts", "Gate", "Guest", "Intake", "Limits", "MqttListener"]
