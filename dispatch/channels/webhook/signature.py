"""Signatures after the Standard Webhooks scheme, and the secret each tenant's receivers verify them with."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from typing import Final

PREFIX: Final = "whsec_"
"""What the scheme writes before a symmetric secret, so that receivers' libraries know its kind."""

_ID: Final = re.compile(r"[A-Za-z0-9_:/@-]{1,200}")


def tenant_secret(installation_secret: bytes, tenant: str) -> str:
    """The secret of one tenant's receivers, as the scheme writes it (`whsec_` and base64).

    Derived, so that nothing has to be stored per tenant and no tenant's secret tells another's.
    """
    derived = hmac.new(installation_secret, b"webhook\x00" + tenant.encode(), hashlib.sha256).digest()
    return PREFIX + b64encode(derived).decode()


def webhook_id(key: str) -> str:
    """`key` as the `webhook-id` header; a key that could break the signed text or the header is replaced by its hash.

    The signed text is `id.timestamp.body`: a full stop inside the id would let one text be read in two ways.
    """
    return key if _ID.fullmatch(key) else hashlib.sha256(key.encode()).hexdigest()


def signature(secret: str, id_: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header of `body`: `v1,` and the base64 HMAC-SHA256 of `id.timestamp.body`."""
    signed = f"{id_}.{timestamp}.".encode() + body
    digest = hmac.new(b64decode(secret.removeprefix(PREFIX)), signed, hashlib.sha256).digest()
    return "v1," + b64encode(digest).decode()
