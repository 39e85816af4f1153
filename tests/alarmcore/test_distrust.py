"""A certificate that is refused is said with who signed it, and never takes anything down with it."""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarmcore.adapters.distrust import CAUSES_MAX, issuer_of, refused_certificate, said, why_distrusted
from alarmcore.adapters.mqtt_session import MqttSession
from alarmcore.errors import Unavailable
from tests.deploy.programs import certificates
from tests.servers.mosquitto import free_port


@pytest.fixture
def folder(tmp_path: Path, need: Any) -> Path:
    need(shutil.which("openssl"), "openssl")
    certificates(tmp_path, "server")
    return tmp_path


@asynccontextmanager
async def tls_server(folder: Path, greeting: bytes = b"") -> AsyncIterator[int]:
    """Speaks TLS, after it has been asked to where there is a greeting."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "server.crt", folder / "server.key")

    async def begun(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if greeting:
            assert await reader.readexactly(len(greeting)) == greeting
            writer.write(b"S")
            try:
                await writer.start_tls(context)
            except OSError:
                return
        await reader.read(100)
        writer.close()

    async with await asyncio.start_server(begun, "127.0.0.1", 0, ssl=None if greeting else context) as server:
        yield server.sockets[0].getsockname()[1]


async def refusal(port: int, host: str = "127.0.0.1", **trust: Any) -> Exception:
    context = ssl.create_default_context(**trust)
    with pytest.raises(ssl.SSLCertVerificationError) as raised:
        await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=host)
    return raised.value


async def test_an_unknown_authority_is_named_with_what_to_do(folder: Path) -> None:
    async with tls_server(folder) as port:
        error = await refusal(port)
        why = await why_distrusted(error, "127.0.0.1", port, "name it as ca=FILE")
    assert why is not None
    assert "signed by 'alarmcore trial authority'" in why
    assert why.endswith("name it as ca=FILE")


async def test_the_authority_is_found_behind_a_protocol_that_asks_for_tls_first(folder: Path) -> None:
    async with tls_server(folder) as port:
        error = await refusal(port)
    async with tls_server(folder, b"please") as port:
        why = await why_distrusted(error, "127.0.0.1", port, "x", b"please")
    assert why is not None
    assert "'alarmcore trial authority'" in why


async def test_another_name_and_an_error_inside_another_one_are_told_apart_from_it(folder: Path) -> None:
    async with tls_server(folder) as port:
        error = await refusal(port, "elsewhere.example", cafile=str(folder / "ca.crt"))
        outer = RuntimeError("wrapped")
        outer.__cause__ = error
        why = await why_distrusted(outer, "elsewhere.example", port, "x")
    assert why is not None
    assert "not for the name elsewhere.example" in why


async def test_a_server_that_has_gone_meanwhile_costs_only_its_name(folder: Path) -> None:
    async with tls_server(folder) as port:
        error = await refusal(port)
    why = await why_distrusted(error, "127.0.0.1", free_port(), "x")
    assert why == "its certificate is signed by an authority that is not trusted here; x"


@pytest.mark.parametrize(("code", "word"), [(10, "expired"), (9, "not valid yet"), (62, "not for the name h"), (99, "strange")])
def test_each_reason_is_said_in_words(code: int, word: str) -> None:
    error = ssl.SSLCertVerificationError("")
    error.verify_code, error.verify_message = code, "strange"
    assert word in said(error, "h", "x")


async def test_other_errors_are_left_to_others() -> None:
    assert await why_distrusted(OSError("x"), "127.0.0.1", 1, "x") is None
    first = last = Exception("0")
    for number in range(CAUSES_MAX):
        last.__cause__ = Exception(str(number))
        last = last.__cause__
    last.__cause__ = ssl.SSLCertVerificationError("")
    assert refused_certificate(first) is None


def test_the_name_is_cleaned_of_what_a_terminal_would_obey(folder: Path) -> None:
    certificate = ssl.PEM_cert_to_DER_cert((folder / "server.crt").read_text())
    wild = certificate.replace(b"alarmcore trial authority", b"alarmcore\x1b[2Jal authority")
    assert wild != certificate
    assert issuer_of(wild) == "alarmcore?[2Jal authority"


@given(st.binary(max_size=300))
def test_what_is_no_certificate_is_refused_and_nothing_worse(data: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - which words does not matter
        issuer_of(data)


async def test_a_service_says_the_same_of_its_broker(folder: Path) -> None:
    async with tls_server(folder) as port:
        session = MqttSession(f"mqtts://127.0.0.1:{port}", client_id="c", filters=["a"], intake=Deaf(), start_within_s=3)
        with pytest.raises(Unavailable, match=r"'alarmcore trial authority'.*\?ca=FILE"):
            await session.start()


class Deaf:
    """Takes nothing."""

    def accept(self, topic: str, payload: bytes, principal: None, done: Any) -> None:
        raise AssertionError
