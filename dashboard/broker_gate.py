"""Devices that sign in at a broker which asks us: whom to let in, and how many wrong tries are looked at."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final, Literal

from dashboard.credentials import CredentialStore, SignInLimit, digest
from dashboard.doors import DeviceGate
from dashboard.permits import names_device, ours

Answer = Literal["allow", "deny", "limited"]

LET_IN_MAX: Final = 100_000
"""Secrets remembered that let their device in: more devices than one process is asked about, in some 15 MB."""

PASSWORD_MAX: Final = 200
"""Characters of a password; ours have 47."""


class BrokerGate:
    """Wrong tries are limited for each device's name and for all together, as those at the pages are.

    A broker's clients come from anywhere, so others can use these limits up on purpose. Therefore a secret that has let its
    device in before is always looked at: whoever does not know it cannot lock that device out. Revoked, it opens nothing.
    """

    def __init__(self, store: CredentialStore, *, opened: bool) -> None:
        self.gate = DeviceGate(store, opened=opened)
        self.limit = SignInLimit(one=str)
        self.let_in: OrderedDict[bytes, None] = OrderedDict()

    async def sign_in(self, username: str, password: str, client_id: str, now: float) -> Answer:
        """Whether a device comes in; `limited`: nobody looked, since too many tries were wrong.

        Raises:
            Unavailable: the database does not answer.
        """
        if not names_device(username) or not 0 < len(password) <= PASSWORD_MAX or ours(client_id):
            return "deny"
        secret = digest(f"{username} {password}")
        if secret not in self.let_in and self.limit.wait_s(username, now) > 0:
            return "limited"
        if await self.gate.sign_in(username, password, client_id) is None:
            self.let_in.pop(secret, None)
            self.limit.failed(username, now)
            return "deny"
        self._remember(secret)
        return "allow"

    def _remember(self, secret: bytes) -> None:
        self.let_in[secret] = None
        self.let_in.move_to_end(secret)
        if len(self.let_in) > LET_IN_MAX:
            self.let_in.popitem(last=False)
