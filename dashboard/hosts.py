"""Who may see and answer an alarm: its own tenant, and the municipality that the person is staying in, as both have agreed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Literal

from alarmcore.model.alarm import Alarm
from alarmcore.model.site import Agreement, Site, Stay

Right = Literal["receive", "respond"]


class Hosts:
    """Asks the sites as they are now, at the time that it is now: a stay and an agreement end by themselves."""

    def __init__(self, sites: Mapping[str, Site], now: Callable[[], datetime]) -> None:
        self.sites = sites
        self.now = now

    def host(self, tenant: str, resident: str, right: Right = "receive") -> str | None:
        """The tenant that may do this with somebody's alarms because they are staying there."""
        home = self.sites.get(tenant)
        # Asked for each alarm and screen: whoever has no agreement is done with before anybody is looked up.
        if home is None or not resident or not any(right in one.they_may for one in home.agreements):
            return None
        stay = self._stay(home, resident)
        return stay.host if stay is not None and stay.host is not None and self._agreed(home, stay.host, right) else None

    def may(self, caller: str | None, alarm: Alarm, right: Right = "receive") -> bool:
        """Whether a caller of this tenant (None: of all, without credentials) may do this with an alarm.

        What was over before somebody came to stay is no business of where they stay.
        """
        slot = alarm.slot
        if caller is None or caller == slot.tenant:
            return True
        if self.host(slot.tenant, slot.resident, right) != caller:
            return False
        stay = self._stay(self.sites[slot.tenant], slot.resident)
        return alarm.state != "resolved" or (stay is not None and alarm.raised_at >= stay.from_)

    def partners(self, tenant: str | None) -> frozenset[str]:
        """Tenants whose residents' alarms this one may see while they stay there."""
        own = self.sites.get(tenant or "")
        names = [one.partner for one in own.agreements if "receive" in one.we_may] if own is not None else []
        return frozenset(
            [name for name in names if name in self.sites and self._agreed(self.sites[name], tenant or "", "receive")]
        )

    def _stay(self, home: Site, resident: str) -> Stay | None:
        """Where somebody is staying now; of two stays at once the first counts, as it does for the watch."""
        known, now = home.resident_by_id.get(resident), self.now()
        return None if known is None else next((stay for stay in known.stays if stay.from_ <= now < stay.until), None)

    def _agreed(self, home: Site, host: str, right: Right) -> bool:
        """Whether the one allows it and the other has said that it does it, both still."""
        other, now = self.sites.get(host), self.now()
        if other is None or other is home:
            return False
        allowed = any(right in one.they_may and _lasts(one, now) for one in home.agreements if one.partner == host)
        accepted = (right in one.we_may and _lasts(one, now) for one in other.agreements if one.partner == home.tenant.id)
        return allowed and any(accepted)


def _lasts(agreement: Agreement, now: datetime) -> bool:
    return agreement.until is None or now < agreement.until


def subject_of(subject: str, caller: str | None, tenant: str) -> str:
    """A person's name in another tenant's record: it may have somebody of that name too."""
    return subject if caller in {None, tenant} else f"{subject}@{caller}"
