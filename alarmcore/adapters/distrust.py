"""Why a server's certificate was not accepted, in words that say who signed it and which setting would make it trusted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from typing import Final

LOOK_S: Final = 1.0
"""How long asking a server for its certificate once more may take: it has just answered, so this is plenty."""

CAUSES_MAX: Final = 8
"""Errors in a chain of causes that are looked through; libraries wrap once or twice."""

NAME_MAX: Final = 80
"""Characters of an authority's name that are repeated: it comes from a server that we do not know."""

EXPIRED: Final = 10
NOT_YET: Final = 9
OTHER_NAME: Final = frozenset({62, 63, 64})
UNKNOWN_AUTHORITY: Final = frozenset({2, 18, 19, 20, 21, 27})
"""Results of OpenSSL's verification (X509_verify_cert_error_string(3))."""

_NAMES: Final = {bytes.fromhex("550403"): "common name", bytes.fromhex("55040a"): "organisation"}
_VERSION: Final = 0xA0


def refused_certificate(error: BaseException) -> ssl.SSLCertVerificationError | None:
    """The refusal of a certificate that lies behind an error, if one does."""
    seen: BaseException | None = error
    for _ in range(CAUSES_MAX):
        if seen is None or isinstance(seen, ssl.SSLCertVerificationError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def said(error: ssl.SSLCertVerificationError, host: str, remedy: str, authority: str | None = None) -> str:
    """What is wrong with a certificate and what to do. `remedy`: the setting that names the authority's file."""
    code = error.verify_code
    if code in UNKNOWN_AUTHORITY:
        who = f"signed by {authority!r}, an authority" if authority else "signed by an authority"
        return f"its certificate is {who} that is not trusted here; {remedy}"
    if code in OTHER_NAME:
        return f"its certificate is not for the name {host}; use a name that stands in it, or have one made for this name"
    if code == EXPIRED:
        return "its certificate has expired; renew it, and look at this machine's clock if it has not"
    if code == NOT_YET:
        return "its certificate is not valid yet; look at this machine's clock"
    return f"its certificate is not accepted ({error.verify_message})"


async def why_distrusted(error: BaseException, host: str, port: int, remedy: str, greeting: bytes = b"") -> str | None:
    """The same for any error, with the authority's name as the server gives it; None when no certificate was refused.

    `greeting`: what asks the server for TLS, where a protocol does not begin with it.
    """
    refused = refused_certificate(error)
    if refused is None:
        return None
    authority = await authority_at(host, port, greeting) if refused.verify_code in UNKNOWN_AUTHORITY else None
    return said(refused, host, remedy, authority)


async def authority_at(host: str, port: int, greeting: bytes = b"") -> str | None:
    """Who signed a server's certificate, as it says; None when that cannot be seen."""
    # Nothing is believed and nothing is said over this connection: it is only there to read the name.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    writer: asyncio.StreamWriter | None = None
    try:
        async with asyncio.timeout(LOOK_S):
            reader, writer = await asyncio.open_connection(host, port)
            if greeting:
                writer.write(greeting)
                await reader.readexactly(1)
            await writer.start_tls(context, server_hostname=host)
            found = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        return issuer_of(found) if found else None
    except (OSError, ValueError, EOFError, TimeoutError):
        return None
    finally:
        if writer is not None:
            writer.transport.abort()


def issuer_of(certificate: bytes) -> str | None:
    """The issuer's common name, else its organisation, out of a certificate in DER (RFC 5280, section 4.1).

    Raises:
        ValueError: it is none.
    """
    ((_, outer),) = _elements(certificate)
    _, inside = next(_elements(outer), (0, b""))
    fields = [field for field in _elements(inside) if field[0] != _VERSION]
    if len(fields) < 3:
        raise ValueError("this is no certificate")
    found: dict[str, str] = {}
    for _, one in _elements(fields[2][1]):
        for _, pair in _elements(one):
            (_, oid), (_, value) = _elements(pair)
            if oid in _NAMES:
                found.setdefault(_NAMES[oid], _readable(value))
    return found.get("common name") or found.get("organisation")


def _readable(value: bytes) -> str:
    text = value.decode("utf-8", errors="replace")
    return "".join(char if char.isprintable() else "?" for char in text)[:NAME_MAX]


def _elements(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tags and contents, one after the other (X.690, definite lengths).

    Raises:
        ValueError: they do not fit.
    """
    at = 0
    while at < len(data):
        if at + 2 > len(data):
            raise ValueError("cut off")
        tag, length, at = data[at], data[at + 1], at + 2
        if length >= 0x80:
            size = length & 0x7F
            length, at = int.from_bytes(data[at : at + size], "big"), at + size
        if at + length > len(data):
            raise ValueError("cut off")
        yield tag, data[at : at + length]
        at += length
