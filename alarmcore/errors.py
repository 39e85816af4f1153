"""Every error this project raises, as one tree.

    AlarmcoreError
    ├── InputError              what somebody gave us is wrong; saying it again changes nothing
    │   ├── SiteInvalid         a site file has mistakes (all of them are in `mistakes`)
    │   ├── ReadingRejected     a reading cannot be used (`reason` says why)
    │   ├── OptionInvalid       a command's option cannot be used
    │   └── OutingRefused       an outing cannot last as long as was asked for
    ├── CommandRefused          an operator's or contact's command does not fit the alarm's state
    │   ├── AlarmUnknown
    │   ├── ResidentUnknown
    │   └── TakenByOther
    ├── NotAllowed              a credential is missing, wrong or belongs to somebody else
    └── Unavailable             a part we depend on does not answer; the same call may work later
        ├── CommitFailed        nothing of the batch was stored
        │   └── Fenced          nor ever will be: somebody else owns these persons now
        └── HandoverFailed      a channel did not take a message

`reason` comes from `alarmcore.model.reasons` and is also the metric label; `retryable` belongs to the class.
Messages carry ids only: never a coordinate, a phone number, a name or a payload.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import ClassVar


class AlarmcoreError(Exception):
    """Root of the tree."""

    reason: ClassVar[str] = "internal"
    retryable: ClassVar[bool] = False


class InputError(AlarmcoreError):
    """What was given is wrong and stays wrong when it is given again."""

    reason = "bad_input"


class Mistake:
    """One thing wrong in a site file: where (`path`), what, and what to do."""

    __slots__ = ("path", "text", "warning")

    def __init__(self, path: str, text: str, *, warning: bool = False) -> None:
        self.path = path
        self.text = text
        self.warning = warning

    def __str__(self) -> str:
        return f"{'warning' if self.warning else 'error'}: {self.path}: {self.text}"

    def __repr__(self) -> str:
        return f"Mistake({self.path!r}, {self.text!r}, warning={self.warning})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mistake) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


class SiteInvalid(InputError):
    """A site file has mistakes; `mistakes` holds all of them and the warnings, in order of the file."""

    reason = "site_invalid"

    def __init__(self, source: str, mistakes: list[Mistake]) -> None:
        self.source = source
        self.mistakes = mistakes
        errors = sum(not m.warning for m in mistakes)
        super().__init__(f"{source} has {errors} mistake{'' if errors == 1 else 's'}; mend each one and try again")


class ReadingRejected(InputError):
    """A reading cannot be used; `code` is one of `alarmcore.model.reasons.REJECTIONS`."""

    reason = "rejected"

    def __init__(self, code: str, field: str | None = None) -> None:
        self.code = code
        self.field = field
        super().__init__(f"reading rejected: {code}" + (f" ({field})" if field else ""))


class OptionInvalid(InputError):
    """A command's option cannot be used as given."""

    reason = "bad_option"


class CommandRefused(AlarmcoreError):
    """A command does not fit the alarm's state."""

    reason = "refused"


class AlarmUnknown(CommandRefused):
    """No alarm with this id that the caller may see."""

    reason = "alarm_unknown"

    def __init__(self, alarm_id: str) -> None:
        self.alarm_id = alarm_id
        super().__init__(f"no alarm {alarm_id} here; list the open alarms and use one of their ids")


class TakenByOther(CommandRefused):
    """Somebody else has taken responsibility already."""

    reason = "taken_by_other"

    def __init__(self, alarm_id: str, taken_by: str) -> None:
        self.alarm_id = alarm_id
        self.taken_by = taken_by
        super().__init__(f"alarm {alarm_id} is taken by {taken_by}; ask them, or escalate it")


class AlarmClosed(CommandRefused):
    """The alarm is resolved, so that nothing more can be answered about it."""

    reason = "alarm_closed"

    def __init__(self, alarm_id: str) -> None:
        self.alarm_id = alarm_id
        super().__init__(f"alarm {alarm_id} is resolved already; there is nothing left to answer")


class ResidentUnknown(CommandRefused):
    """Nobody with this id lives in the caller's municipality."""

    reason = "resident_unknown"

    def __init__(self, resident: str) -> None:
        self.resident = resident
        super().__init__(f"no resident {resident} here; use an id of the site file")


class OutingRefused(InputError):
    """An outing cannot last as long as was asked for; `code` says why."""

    reason = "bad_outing"

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(WHY_NO_OUTING.get(code, f"this outing cannot be begun ({code}); ask for another"))


WHY_NO_OUTING = {
    "outing_past": "until lies in the past; give a moment that is still to come",
    "outing_too_long": "an outing lasts for 24 hours at most; give an earlier moment, or set up a stay",
    "outing_unreadable": "until is no moment; give one with its offset (2026-01-14T16:30:00+01:00), or a local time (16:30)",
}
"""Codes of refusals to what is wrong and what to do."""


class NotAllowed(AlarmcoreError):
    """A credential is missing, wrong, or belongs to somebody else."""

    reason = "not_allowed"


class NotAgreed(AlarmcoreError):
    """Another municipality's alarm may be looked at, and not answered."""

    reason = "not_agreed"

    def __init__(self, alarm_id: str) -> None:
        self.alarm_id = alarm_id
        super().__init__(
            f"alarm {alarm_id} is another municipality's, and the agreement with it does not say respond; ask their alarm centre"
        )


class Unavailable(AlarmcoreError):
    """A part we depend on does not answer; the same call may work later."""

    reason = "unavailable"
    retryable = True


class CommitFailed(Unavailable):
    """Nothing of the batch was stored; its inputs must be repeated."""

    reason = "commit_failed"


class Fenced(CommitFailed):
    """Somebody else owns this partition now: nothing of the batch was stored, and nothing more of ours ever will be."""

    reason = "fenced"
    retryable = False

    def __init__(self, partition: str) -> None:
        self.partition = partition
        super().__init__(f"partition {partition} is another worker's now; nothing more is decided about it here")


class HandoverFailed(Unavailable):
    """A channel did not take a message; `permanent` says that repeating it is useless."""

    reason = "handover_failed"

    def __init__(self, text: str, *, permanent: bool = False) -> None:
        self.permanent = permanent
        super().__init__(text)


def fault(error: BaseException) -> str:
    """What failed and where, without its text: that may hold what somebody sent."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(error).__name__ + where
