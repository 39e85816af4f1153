"""The e-mail channel against a real SMTP server, and mails that cannot be broken into."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from channel_contract import NOW, PATIENCE_S, PLAIN, TRY_S, ChannelContract, message
from hypothesis import given
from hypothesis import strategies as st

from alarmcore.errors import HandoverFailed, OptionInvalid
from dispatch.channels.email import EmailChannel, smtp_server
from dispatch.channels.email.mail import address, mail

SENDER = Address(display_name="Alarmcore", username="larm", domain="example.org")


class MailServer:
    """An SMTP server on a free port that behaves as told, per recipient."""

    def __init__(self) -> None:
        self.behaviour: dict[str, str] = {}
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.over = asyncio.Event()
        self.server: asyncio.Server | None = None

    async def start(self, **options: Any) -> MailServer:
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: _Conversation(self, loop=loop, **options), "127.0.0.1", 0)
        return self

    @property
    def port(self) -> int:
        assert self.server is not None
        return int(self.server.sockets[0].getsockname()[1])

    @property
    def taken(self) -> list[str]:
        return [str(one["Message-ID"]) for one in self.mails]

    def address(self, name: str) -> str:
        return f"{name}@example.org"

    def close(self) -> None:
        self.over.set()
        if self.server is not None:
            self.server.close()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: _Conversation, session: Session, envelope: Envelope, to: str, options: list[str]
    ) -> str:
        del session, options
        server.behaviour = self.behaviour.get(to, "take")
        if server.behaviour == "refuse":
            return f"550 5.1.1 {to} is nobody here"
        if server.behaviour == "cut":
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        envelope.rcpt_tos.append(to)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: _Conversation, session: Session, envelope: Envelope
    ) -> str:
        del session
        if server.behaviour == "hang":
            await self.over.wait()
        if server.behaviour == "busy":
            return f"451 4.3.0 try {envelope.rcpt_tos[0]} later"
        if server.behaviour == "garbage":
            return "\x01 no SMTP at all"
        if server.behaviour == "slow":
            await asyncio.sleep(0.2)
        assert isinstance(envelope.content, bytes)
        self.mails.append(parsed(envelope.content))
        self.recipients += envelope.rcpt_tos
        return "250 2.0.0 Ok: queued as 4XyZ7"


class _Conversation(SMTP):
    """aiosmtpd's own, that can also forget to say goodbye."""

    behaviour = "take"

    def __init__(self, outside: MailServer, **options: Any) -> None:
        self.outside = outside
        super().__init__(outside, ident="test", enable_SMTPUTF8=False, **options)

    async def smtp_QUIT(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        if self.behaviour == "hang_after":
            await self.outside.over.wait()
        await super().smtp_QUIT(arg)


def parsed(raw: bytes) -> EmailMessage:
    made = message_from_bytes(raw, policy=SMTP_POLICY)
    assert isinstance(made, EmailMessage)
    return made


def part(made: EmailMessage, kind: str) -> str:
    found = made.get_body((kind,))
    assert found is not None
    return str(found.get_content())


@pytest.fixture
async def outside() -> AsyncIterator[MailServer]:
    server = await MailServer().start()
    yield server
    server.close()


@pytest.fixture
async def channel(outside: MailServer) -> AsyncIterator[EmailChannel]:
    channel = EmailChannel(f"smtp://127.0.0.1:{outside.port}", "larm@example.org", lambda: NOW, try_s=PATIENCE_S)
    yield channel
    await channel.close()


@pytest.fixture
async def hasty(outside: MailServer) -> AsyncIterator[EmailChannel]:
    channel = EmailChannel(f"smtp://127.0.0.1:{outside.port}", "larm@example.org", lambda: NOW, try_s=TRY_S)
    yield channel
    await channel.close()


class TestContract(ChannelContract):
    """The e-mail channel keeps what every channel promises."""


async def test_a_mail_arrives_readable_in_swedish_as_text_and_html(channel: EmailChannel, outside: MailServer) -> None:
    receipt = await channel.hand_over(message("eva@example.org", resident_name="Åsa Öberg"))
    made = outside.mails[0]
    assert receipt.reference == "4XyZ7"
    assert made["Subject"] == "LARM: Åsa Ö. har tryckt på larmknappen, 03:12"
    assert made.get_content_type() == "multipart/alternative"
    assert part(made, "plain").startswith("LARM: Åsa Öberg har tryckt på larmknappen kl. 03:12, Storgatan 1.")
    page = part(made, "html")
    assert 'lang="sv"' in page
    assert f'href="{PLAIN.answer_url}"' in page
    assert "Åsa Öberg" in page
    assert outside.recipients == ["eva@example.org"]
    assert made["To"].addresses[0].display_name == "Eva Andersson"


async def test_a_mail_says_that_a_machine_wrote_it_and_when(channel: EmailChannel, outside: MailServer) -> None:
    await channel.hand_over(message("eva@example.org"))
    made = outside.mails[0]
    assert made["Auto-Submitted"] == "auto-generated"
    assert made["Date"].datetime == NOW
    assert made["Importance"] == "high"
    assert made["Message-ID"].endswith("@example.org>")
    assert "grastorp" not in made["Message-ID"]


def test_all_mails_of_one_alarm_are_one_thread() -> None:
    to = Address(username="eva", domain="example.org")
    first, second = (mail(message("x", key=key), SENDER, to, NOW) for key in ("one", "two"))
    other = mail(message("x", key="one", alarm="B2"), SENDER, to, NOW)
    assert first["References"] == second["References"] != other["References"]
    assert first["Message-ID"] != second["Message-ID"]


def test_a_trial_and_a_technical_alarm_are_not_marked_urgent() -> None:
    to = Address(username="eva", domain="example.org")
    assert mail(message("x", test=True), SENDER, to, NOW)["Importance"] is None
    assert mail(message("x", priority="technical"), SENDER, to, NOW)["Importance"] is None


@given(name=st.text(max_size=200), street=st.text(max_size=200), tenant=st.text(max_size=100), reader=st.text(max_size=200))
def test_no_name_adds_a_header_a_recipient_or_markup(name: str, street: str, tenant: str, reader: str) -> None:
    to = address("eva@example.org", reader)
    assert to is not None
    hard = message("x", resident_name=name, address=street, tenant_name=tenant, key=name)
    plain_mail = mail(message("x"), SENDER, Address(username="eva", domain="example.org"), NOW)
    made = parsed(bytes(mail(hard, SENDER, to, NOW)))
    assert made.keys() == plain_mail.keys()
    assert [one.addr_spec for one in made["To"].addresses] == ["eva@example.org"]
    assert part(made, "html").count("<p") == part(plain_mail, "html").count("<p")


def test_markup_in_a_name_is_shown_not_run() -> None:
    nasty = "<script>alert(1)</script>"
    hard = message("x", resident_name=nasty, address=nasty, tenant_name=nasty, answer_url='https://x/"><script>')
    made = mail(hard, SENDER, Address(username="e", domain="x.org"), NOW)
    assert "<script" not in part(made, "html")
    assert "&lt;script&gt;" in part(made, "html")


@pytest.mark.parametrize(
    "wrong",
    [
        None,
        "",
        "eva",
        "@example.org",
        "eva@",
        "a@b@c",
        "eva@example.org, ola@example.org",
        "Eva <eva@example.org>",
        "eva@example.org\r\nRCPT TO:<x@y>",
        "eva @example.org",
        "eva@exa mple.org",
        "eva..x@example.org",
        '"eva"@example.org',
        "eva@-example.org",
        "x" * 300 + "@example.org",
    ],
)
def test_only_exactly_one_plain_address_is_one(wrong: str | None) -> None:
    assert address(wrong) is None


@pytest.mark.parametrize(
    ("given_", "used"),
    [
        ("eva@example.org", "eva@example.org"),
        ("eva.b+larm@sub.example.org", "eva.b+larm@sub.example.org"),
        ("eva@grästorp.example", "eva@xn--grstorp-6wa.example"),
        ("eva@localhost", "eva@localhost"),
    ],
)
def test_common_addresses_are_used(given_: str, used: str) -> None:
    found = address(given_)
    assert found is not None
    assert found.addr_spec == used


async def test_a_local_part_that_the_server_cannot_carry_is_permanent(channel: EmailChannel, outside: MailServer) -> None:
    with pytest.raises(HandoverFailed, match="does not offer") as failed:
        await channel.hand_over(message("åsa@example.org"))
    assert failed.value.permanent
    assert outside.mails == []


async def test_a_server_without_tls_gets_nothing_when_tls_is_required(outside: MailServer) -> None:
    channel = EmailChannel(
        f"smtp://127.0.0.1:{outside.port}?starttls=required", "larm@example.org", lambda: NOW, try_s=PATIENCE_S
    )
    with pytest.raises(HandoverFailed) as failed:
        await channel.hand_over(message("eva@example.org"))
    assert failed.value.permanent
    assert outside.mails == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    made += ["-days", "2", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)]
    subprocess.run([*made, *names], check=True, capture_output=True, timeout=30)
    return key, cert


async def test_tls_by_starttls_with_sign_in_and_a_certificate_that_is_checked(certificate: tuple[Path, Path]) -> None:
    key, cert = certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    signed_in: list[bytes] = []

    def sign_in(_server: object, _session: object, _envelope: object, _mechanism: str, data: Any) -> AuthResult:
        signed_in.append(data.password)
        return AuthResult(success=data.password == b"p@ss/word", handled=False)

    server = await MailServer().start(tls_context=context, require_starttls=True, authenticator=sign_in, auth_required=True)
    trusting = ssl.create_default_context(cafile=str(cert))

    def to(password: str, tls: ssl.SSLContext | None) -> EmailChannel:
        url = f"smtp://larm:{password}@127.0.0.1:{server.port}?starttls=required"
        return EmailChannel(url, "larm@example.org", lambda: NOW, try_s=PATIENCE_S, tls=tls)

    try:
        await to("p%40ss%2Fword", trusting).hand_over(message("eva@example.org"))
        assert len(server.mails) == 1
        assert signed_in == [b"p@ss/word"]
        with pytest.raises(HandoverFailed, match="535") as failed:
            await to("wrong", trusting).hand_over(message("eva@example.org"))
        assert failed.value.permanent
        with pytest.raises(HandoverFailed):
            await to("p%40ss%2Fword", None).hand_over(message("eva@example.org"))
        assert len(server.mails) == 1
        # To a server whose certificate nobody vouches for, the password was never said.
        assert signed_in[1:] == [b"wrong"] * (len(signed_in) - 1)
    finally:
        server.close()


async def test_tls_from_the_first_byte(certificate: tuple[Path, Path]) -> None:
    key, cert = certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    outside = MailServer()
    loop = asyncio.get_running_loop()
    outside.server = await loop.create_server(lambda: _Conversation(outside, loop=loop), "127.0.0.1", 0, ssl=context)
    trusting = ssl.create_default_context(cafile=str(cert))
    try:
        await EmailChannel(
            f"smtps://127.0.0.1:{outside.port}", "larm@example.org", lambda: NOW, try_s=PATIENCE_S, tls=trusting
        ).hand_over(message("eva@example.org"))
        assert len(outside.mails) == 1
    finally:
        outside.close()


@pytest.mark.parametrize(
    ("url", "port", "security"),
    [
        ("smtp://mail.example.org", 587, "required"),
        ("smtp://127.0.0.1", 25, "offered"),
        ("smtp://localhost:1025", 1025, "offered"),
        ("smtp://[::1]:1025", 1025, "offered"),
        ("smtp://mail.example.org?starttls=off", 25, "off"),
        ("smtp://mail.example.org:25?starttls=offered", 25, "offered"),
        ("smtp://u:p@mail.example.org?starttls=true", 587, "required"),
        ("smtps://u:p@mail.example.org", 465, "tls"),
    ],
)
def test_a_servers_url_says_how_it_is_spoken_to(url: str, port: int, security: str) -> None:
    server = smtp_server(url)
    assert (server.port, server.security) == (port, security)


@pytest.mark.parametrize(
    "url",
    [
        "http://u:geheim@mail.example.org",
        "mail.example.org",
        "smtp://",
        "smtp://u:geheim@mail.example.org:notaport",
        "smtp://u:geheim@mail.example.org?starttls=maybe",
        "smtp://u:geheim@mail.example.org?tls=yes",
        "smtps://u:geheim@mail.example.org?starttls=off",
        "smtp://u:geheim@mail.example.org?starttls=off",
        "smtp://u:geheim@mail.example.org?starttls=offered",
    ],
)
def test_a_url_that_cannot_be_used_is_said_without_its_password(url: str) -> None:
    with pytest.raises(OptionInvalid) as wrong:
        EmailChannel(url, "larm@example.org", lambda: NOW)
    assert "geheim" not in str(wrong.value)


def test_a_password_does_not_show_and_a_sender_must_be_an_address() -> None:
    assert "geheim" not in repr(smtp_server("smtps://u:geheim@mail.example.org"))
    with pytest.raises(OptionInvalid, match="sender"):
        EmailChannel("smtp://127.0.0.1", "Larm", lambda: NOW)
