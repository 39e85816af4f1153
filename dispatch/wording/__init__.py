"""What people read: messages, reasons and timeline sentences, in Swedish and English, short and calm."""

from dispatch.wording.facts import facts_text, zone_names, zones_text
from dispatch.wording.moments import clock_text, day_text, duration_text
from dispatch.wording.telling import first_line, lateness_text, sighting_text, subject, text
from dispatch.wording.timeline import deed, sentence
from dispatch.wording.words import cause_name, headline, link_text, outcome_text, why_text

__all__ = [
    "cause_name",
    "clock_text",
    "day_text",
    "deed",
    "duration_text",
    "facts_text",
    "first_line",
    "headline",
    "lateness_text",
    "link_text",
    "outcome_text",
    "sentence",
    "sighting_text",
    "subject",
    "text",
    "why_text",
    "zone_names",
    "zones_text",
]
