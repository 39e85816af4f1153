"""What `alarmcore check` finds out about a broker: does it let us in, and does it keep for us what comes while we are away?

All that is tried is tried under names that no tenant and no device can have, and nothing of it stays behind.
"""

from __future__ import annotations

import asyncio
import ipaddress
import secrets
import ssl
from typing import Final

import mqtt5

from alarmcore.adapters.mqtt_session.address import Address, parse, trust
from alarmcore.adapters.mqtt_session.packets import PAYLOAD_MAX
from alarmcore.adapters.mqtt_session.session import SESSION_EXPIRY_S
from alarmcore.errors import AlarmcoreError
from dashboard.broker_line import FAILURE, BrokerLine, broker_line
from dashboard.doors import topics_of
from dashboard.finding import Finding

TRIAL_S: Final = 45.0
"""How long all of it may take: four connections and a dozen answers of a broker that is slow and still of use."""

AWAY_S: Final = 120
"""How long the trial's session outlives us, should we die in the middle."""

NOBODY: Final = "alarmcore.check"
"""Stands where a tenant's name does. It has a dot, so it is none."""

MARGIN: Final = 1024
"""Bytes of a packet besides its payload: a topic of three names and the properties."""

OWN_WORD: Final = (
    "a broker's acknowledgement is its own word and most keep messages in memory only: let devices wait for the "
    "confirmation on their ack topic, and configure the broker as deploy/mosquitto/mosquitto.conf does"
)


async def broker_findings(url: str) -> list[Finding]:
    """Everything about a broker that can be seen from here."""
    findings: list[Finding] = []
    try:
        address = parse(url)
        trial = Trial(address, trust(address), findings)
        async with asyncio.timeout(TRIAL_S):
            await trial.run()
    except AlarmcoreError as error:
        findings.append(Finding("error", str(error)))
    except TimeoutError:
        findings.append(Finding("error", f"the MQTT broker at {address} was not done within {TRIAL_S:g} s; see its log"))
    return findings


class Trial:
    """One trial. What it finds goes to `findings` at once: of a broker that fails in the middle that much is known."""

    def __init__(self, address: Address, tls: ssl.SSLContext | None, findings: list[Finding]) -> None:
        self.address = address
        self.tls = tls
        self.findings = findings
        name = secrets.token_hex(8)
        self.client = f"alarmcore-check-{name}"
        self.topic = f"alarmcore/check/{name}"

    def say(self, level: str, text: str) -> None:
        """One more finding."""
        self.findings.append(Finding(level, text))

    async def run(self) -> None:
        """Come, go, and come back.

        Raises:
            Unavailable: it cannot be gone on with.
        """
        try:
            echoes = await self.come()
            if echoes:
                await self.send_while_away()
            if echoes is not None:
                await self.come_back(echoes=echoes)
                self.say("warning", OWN_WORD)
        finally:
            if self.findings:
                await self.clean_up()

    async def come(self) -> bool | None:
        """The first connection; whether we hear what we publish. None: the broker cannot be used, and nothing more is tried."""
        async with broker_line(self.address, self.tls) as line:
            greeting = await line.greet(self.client, clean=False, expiry_s=SESSION_EXPIRY_S)
            self.say("ok", f"the MQTT broker at {self.address} lets us in{' over TLS' if self.tls else ''}")
            self.findings += [*in_the_open(self.address), *limits(greeting)]
            if int(greeting.max_qos) < 1:
                return None  # it would end the connection at whatever else is tried
            await self.rights(line)
            echoes = await line.publish(self.topic, b"here") and await line.hears(b"here")
            line.leave(expiry_s=AWAY_S)
        return echoes

    async def rights(self, line: BrokerLine) -> None:
        """Whether this account may hear readings and confirm them."""
        topics = topics_of([NOBODY])
        answers = await line.subscribe([*topics.readings, *topics.presses, self.topic])
        answers.pop(self.topic)
        deaf = [one for one, code in answers.items() if int(code) >= FAILURE]
        careless = [one for one, code in answers.items() if int(code) == 0]
        if deaf:
            self.say("error", f"this account may not hear {', '.join(deaf)}; let it subscribe to alarmcore/v1/# and owntracks/#")
        if careless:
            self.say("error", f"the broker grants QoS 0 only for {', '.join(careless)}: readings may be lost; allow QoS 1")
        if not await line.publish(f"alarmcore/ack/v1/{NOBODY}/check", b"check"):
            self.say("error", "this account may not confirm readings; let it publish below alarmcore/ack/v1/")

    async def send_while_away(self) -> None:
        """Publish what the session is to be kept for, as somebody else."""
        async with broker_line(self.address, self.tls) as line:
            await line.greet(f"{self.client}-sender", clean=True, expiry_s=0)
            await line.publish(self.topic, b"away")
            line.leave(expiry_s=0)

    async def come_back(self, *, echoes: bool) -> None:
        """See what was kept."""
        async with broker_line(self.address, self.tls) as line:
            greeting = await line.greet(self.client, clean=False, expiry_s=SESSION_EXPIRY_S)
            waited = echoes and greeting.session_present and await line.hears(b"away")
            line.leave(expiry_s=0)
        if not greeting.session_present:
            text = "the broker has forgotten our session within a moment: what comes while the service is away is lost"
            self.say("error", f"{text}; let it keep sessions, for {SESSION_EXPIRY_S // 86_400} days")
        elif waited:
            self.say("ok", "the broker keeps our session, and a message of QoS 1 waited in it while we were away")
        elif echoes:
            text = "the broker keeps our session and threw away what came for it: readings are lost while the service is away"
            self.say("error", f"{text}; let it queue messages for clients that are away")
        else:
            text = "the broker keeps our session; whether messages wait in it was not tried, as this account does not hear itself"
            self.say("warning", f"{text}: let it publish and hear alarmcore/check/# to have it tried")

    async def clean_up(self) -> None:
        """End the session, whatever has become of it; what is not ended now ends by itself after `AWAY_S`."""
        try:
            async with broker_line(self.address, self.tls) as line:
                await line.greet(self.client, clean=True, expiry_s=0)
                line.leave(expiry_s=0)
        except AlarmcoreError:
            pass  # what is wrong with the broker has been said


def in_the_open(address: Address) -> list[Finding]:
    """Whether passwords and readings go over a network for everybody to read."""
    if address.tls or address.host == "localhost" or _is_loopback(address.host):
        return []
    return [Finding("warning", "the connection to the broker is not encrypted; unless the network is your own, use mqtts://")]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def limits(greeting: mqtt5.ConnAckPacket) -> list[Finding]:
    """What the broker says that it will not do."""
    found = []
    if int(greeting.max_qos) < 1:
        found.append(Finding("error", "the broker takes messages of QoS 0 only, which may be lost on their way; allow QoS 1"))
    if not greeting.wildcard_subscription_available:
        found.append(Finding("error", "the broker knows no subscriptions with wildcards, and we need them; allow them"))
    largest = greeting.max_packet_size
    if largest is not None and largest < PAYLOAD_MAX + MARGIN:
        text = f"the broker takes packets of {largest} bytes at most, and a reading may have {PAYLOAD_MAX}"
        found.append(Finding("warning", f"{text}: larger ones cut their devices off; raise it to 1048576"))
    kept_s = greeting.session_expiry_interval
    if kept_s is not None and kept_s < SESSION_EXPIRY_S:
        text = f"the broker keeps our session for {kept_s} s, not for the {SESSION_EXPIRY_S} s that we ask for"
        found.append(Finding("warning" if kept_s else "error", f"{text}: what comes later than that is lost; raise it"))
    return found
