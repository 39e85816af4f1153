"""From the decision to tell somebody to the message that a channel carries: names, address, position, the recipient's link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from alarmcore.model.alarm import Facts
from alarmcore.model.site import Resident, Site
from dispatch.channels.port import Message
from dispatch.telling import Tell
from dispatch.wording import facts_text, zone_names

AnswerUrl = Callable[[str, str, str], str | None]
"""(tenant, alarm, recipient) to that recipient's own link, or None where there is none."""


def _reason(facts: Facts | None, site: Site, resident: Resident | None) -> str | None:
    """What the finding rests on, in the tenant's language."""
    return None if facts is None else facts_text(facts, site.tenant.language, zone_names(resident), site.tenant.tz)


def message_of(tell: Tell, site: Site, answer_url: AnswerUrl, now: datetime | None = None) -> Message:
    """The message of one telling, from what the site says today. With `now` it says how old its position is."""
    alarm = tell.alarm
    resident = site.resident_by_id.get(alarm.slot.resident)
    who = site.recipient_by_ref.get(tell.ref)
    fix = alarm.fix
    return Message(
        key=tell.telling,
        tenant=site.tenant.id,
        tenant_name=site.tenant.name,
        language=site.tenant.language,
        timezone=site.tenant.timezone,
        alarm=alarm.id,
        resident=alarm.slot.resident or None,
        resident_name=resident.name if resident else None,
        address=resident.home.address if resident and resident.home else None,
        rule=alarm.slot.rule,
        cause=alarm.cause,
        priority=alarm.priority,
        why=alarm.why,
        raised_at=alarm.raised_at,
        late_s=alarm.late_s,
        lat=fix.lat if fix else None,
        lon=fix.lon if fix else None,
        accuracy_m=fix.accuracy_m if fix else None,
        position_at=fix.at if fix else None,
        position_age_s=max(0, int((now - fix.at).total_seconds())) if fix and now else None,
        recipient=tell.ref,
        recipient_name=who.name if who else tell.ref,
        to=tell.to,
        link=tell.link,
        told_before=tell.number,
        answer_url=answer_url(site.tenant.id, alarm.id, tell.ref),
        reason=_reason(alarm.facts, site, resident),
    )
