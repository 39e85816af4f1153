"""The auditor: every few seconds it looks whether each open alarm has a next step, in memory and stored, and mends what has none.

It runs beside the service and owns nothing: what it finds goes to the metrics, the log and `/health/ready`, is mended by the
machines themselves in the service's own turn, and keeps the sign of life from being given to the watcher outside.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Final

import structlog

from alarmcore import metrics
from alarmcore.audit import WORDS, Case, Finding, Keeper, findings, overdue
from alarmcore.bindings import slot_of, slot_text
from alarmcore.errors import Unavailable, fault
from alarmcore.model.alarm import Alarm, Overlooked, Slot
from alarmcore.ports import KEEPERS, AuditedJournal, Batch, OpenAlarm
from alarmcore.runner import Item
from alarmcore.service import Service

log = structlog.get_logger(__name__)

LOOK_S: Final = 2.0
"""Between two looks: what counts after the second one is known in five seconds, and a look costs a millisecond or two."""

LOOK_MAX_S: Final = 10.0
"""What a look may take: twice as long as a write waits for another process. One that takes longer has failed."""

STALE_S: Final = 30.0
"""Without a completed look for so long nobody knows how things stand, and the service says that it is not ready."""

COMMIT_MAX_S: Final = 6.0
"""How long memory may be ahead of what is stored: a little longer than a write waits for another process before it fails."""

SETTLED_S: Final = 60.0
"""Within this time something is heard of every try: it has 12 s, and then waits for a turn of the service."""

PROBE_S: Final = 5.0
"""How often it is tried whether anything can be stored: otherwise a disk that fills up in a quiet night is noticed by a press."""

PAGE: Final = 100
"""Open alarms looked at in one go, in two or three milliseconds; then everybody else has a turn."""

PAGES_MAX: Final = 500
"""Fifty thousand open alarms in one look: more than all persons of a large installation have at once."""

SLICE: Final = 2000
"""Timers of each machine looked at in one look, in about a millisecond: those of a hundred thousand persons in two minutes."""

EFFECTS_MAX: Final = 2000
"""Tries without an answer looked at in one look, the oldest ones."""

MENDS_MAX: Final = 100
"""Alarms mended after one look, so that the service's turn stays short; the others follow after the next."""


class Auditor:
    """Looks after one service. `parts` says what else is not well; `beat` is called after each look that found all well.

    `patient` says of an effect that it may wait for a person, and so may stay unsettled for long.
    """

    def __init__(
        self,
        service: Service,
        journal: AuditedJournal,
        *,
        patient: Callable[[Any], bool] = lambda _: False,
        parts: Callable[[], list[str]] = list,
        beat: Callable[[], None] = lambda: None,
    ) -> None:
        self.service = service
        self.runner = service.runner
        self.journal = journal
        self.patient = patient
        self.parts = parts
        self.beat = beat
        self.suspects: dict[Finding, float] = {}
        self.standing: set[Finding] = set()
        self.failed = ""
        self.effects: dict[str, float] = {}
        self.places: Counter[str] = Counter()
        self.task: asyncio.Task[None] | None = None
        self.time: Callable[[], float] = lambda: 0.0
        self.completed_at = self.probed_at = 0.0

    async def start(self) -> None:
        """Begin; the first look is at once."""
        self.time = asyncio.get_running_loop().time
        self.completed_at, self.probed_at = self.time(), self.time() - PROBE_S
        metrics.AUDITORS.add(self)
        self.task = asyncio.create_task(self._run(), name="alarmcore-auditor")

    async def close(self) -> None:
        """Stop."""
        metrics.AUDITORS.discard(self)
        for gauge in (metrics.WITHOUT_NEXT_STEP, metrics.OVERDUE):
            metrics.part(gauge, self, 0)
        if self.task is not None:
            self.task.cancel()
            await asyncio.wait([self.task])

    def age_s(self) -> float:
        """Seconds since a look was completed last."""
        return self.time() - self.completed_at

    def troubles(self) -> list[str]:
        """Why the service must not be relied on, in plain words."""
        found = [f"{count} {WORDS[slip]}" for slip, count in Counter(finding.slip for finding in self.standing).items()]
        if self.failed:
            found.append(f"the last audit was not completed: {self.failed}")
        if self.age_s() > STALE_S:
            found.append(f"no audit was completed in the last {STALE_S:g} s")
        return found

    async def _run(self) -> None:
        while True:
            await self.audit()
            await asyncio.sleep(LOOK_S)

    async def audit(self) -> None:
        """Look once, say what was found, mend it."""
        try:
            async with asyncio.timeout(LOOK_MAX_S):
                look = await self._look()
                self._judge(look)
                await self._probe()
        except Exception as error:  # noqa: BLE001 - whatever it is: an auditor that ends is the last thing anybody needs
            why = str(error) if isinstance(error, Unavailable) else fault(error)
            if not self.failed:
                log.critical("audit_failed", error=why)
            self.failed = why
            metrics.AUDITS.labels("failed").inc()
            return
        self.failed, self.completed_at = "", self.time()
        metrics.AUDITS.labels("found" if self.standing else "good").inc()
        if not self.standing and self.service.healthy() and not self.parts():
            self.beat()

    async def _probe(self) -> None:
        """Try whether anything can be stored, unless the service knows itself that nothing can.

        Raises:
            CommitFailed: nothing can.
        """
        if self.service.healthy() and self.time() - self.probed_at >= PROBE_S:
            await self.journal.commit(Batch(self.service.clock.now()))
            self.probed_at = self.time()

    # -- looking ----------------------------------------------------------------------------------------------------------

    async def _look(self) -> Look:
        look = Look(self)
        after = ""
        for _ in range(PAGES_MAX):
            page = await self.journal.open_alarms(after, PAGE)
            for stored in page:
                look.examine(stored.alarm.slot, stored)
            if len(page) < PAGE:
                break
            after = slot_text(page[-1].alarm.slot)
            await asyncio.sleep(0)
        for suspect in self.suspects:
            if suspect.slip == "not_stored":
                look.examine(slot_of(suspect.about), None)
        for machine in self.runner.machines:
            if machine in self.runner.shelves:
                look.shelved(machine, self._rows(machine))
            else:
                look.timers(machine, self._slice(machine))
            await asyncio.sleep(0)
        look.earliest()
        self._unheard(look, await self.journal.unsettled(EFFECTS_MAX))
        return look

    def _slice(self, machine: str) -> list[tuple[Any, Any]]:
        """Some states of a machine; look for look, all of them in turn."""
        states, place = self.runner.cache[machine], self.places[machine]
        found = list(islice(states.items(), place, place + SLICE))
        self.places[machine] = place + SLICE if len(found) == SLICE else 0
        return found

    def _rows(self, machine: str) -> Iterator[Any]:
        """Some keys of a shelf whose stored states want to be asked, in turn as well: without decoding them."""
        shelf, place = self.runner.shelves[machine], self.places[machine]
        self.places[machine] = place + SLICE if place + SLICE < len(shelf.data) else 0
        return shelf.wants(place, place + SLICE)

    def _unheard(self, look: Look, effects: list[tuple[str, bytes]]) -> None:
        """Effects that have been waiting since they were seen first, which is soon after they were begun."""
        now = self.time()
        self.effects = {name: self.effects.get(name, now) for name, _ in effects}
        for name, data in effects:
            if now - self.effects[name] > SETTLED_S and not self.patient(self.runner.decode_effect(data)):
                look.unheard[Finding("unsettled", name)] = data

    # -- judging and mending ----------------------------------------------------------------------------------------------

    def _judge(self, look: Look) -> None:
        """What stands, and what must be seen again before it counts."""
        now = self.time()
        found = {*look.alarms, *look.lost, *look.late, *look.unheard}
        before = self.suspects
        self.suspects = {finding: before.get(finding, now) for finding in found}
        standing = {finding for finding in found if self._stands(finding, before, now)}
        for finding in standing - self.standing:
            log.critical("audit_finding", finding=finding.slip, about=finding.about)
            metrics.AUDIT_FINDINGS.labels(finding.slip).inc()
        self.standing = standing
        metrics.part(metrics.WITHOUT_NEXT_STEP, self, sum(finding.slip == "no_next_step" for finding in standing))
        metrics.part(metrics.OVERDUE, self, sum(finding.slip == "overdue" for finding in standing))
        self._mend(look)

    def _stands(self, finding: Finding, before: dict[Finding, float], now: float) -> bool:
        """Timers and effects cannot be half done; all else may be a turn that is under way, or a process that has just woken."""
        if finding.slip in {"timer_lost", "unsettled"}:
            return True
        first_at = before.get(finding)
        return first_at is not None and (finding.slip != "not_stored" or now - first_at > COMMIT_MAX_S)

    def _mend(self, look: Look) -> None:
        """Through the machines, in the service's own turn; not while it can keep nothing, or it would only pile up."""
        for machine, key in look.lost.values():
            self.runner.remind(machine, key)
            self.service.wanted.set()
        if not self.service.healthy():
            return
        alarms = {alarm.slot: alarm for finding, alarm in look.alarms.items() if finding in self.standing}
        for slot, alarm in islice(alarms.items(), MENDS_MAX):
            self.service.tell(Item("lifecycle", slot, Overlooked(slot, alarm)))
        for finding, data in look.unheard.items():
            self.effects[finding.about] = self.time()
            self.runner.begin_again(data)


class Look:
    """One look: what was found, with what is needed to mend it. `late` cannot be mended: the service must catch up."""

    def __init__(self, auditor: Auditor) -> None:
        self.runner = auditor.runner
        self.now = auditor.service.clock.now()
        self.seen: set[Slot] = set()
        self.alarms: dict[Finding, Alarm] = {}
        self.lost: dict[Finding, tuple[str, Any]] = {}
        self.late: set[Finding] = set()
        self.unheard: dict[Finding, bytes] = {}

    def examine(self, slot: Slot, stored: OpenAlarm | None) -> None:
        """Look at one slot. What a failed commit has made the runner forget is not looked at: it is read again first."""
        if slot in self.seen or any((name, slot_text(slot)) in self.runner.unread for name in KEEPERS):
            return
        self.seen.add(slot)
        alarm: Alarm | None = self.runner.state("lifecycle", slot)
        remembered = alarm if alarm is not None and alarm.state != "resolved" else None
        of_journal = stored.alarm if stored is not None else None
        opened = remembered or of_journal
        if opened is None:
            return
        wakes = stored.wakes if stored is not None else (None,) * len(KEEPERS)
        keepers = tuple(self._keeper(name, opened, at) for name, at in zip(KEEPERS, wakes, strict=True))
        case = Case(slot, of_journal.id if of_journal else None, remembered.id if remembered else None, keepers)
        for finding in findings(case, self.now):
            if finding.slip == "timer_lost":
                self.lost[finding] = (finding.about.split(" ", 1)[0], slot)
            elif finding.slip == "overdue":
                self.late.add(finding)
            else:
                self.alarms[finding] = opened

    def _keeper(self, machine: str, alarm: Alarm, stored_at: Any) -> Keeper:
        state = self.runner.state(machine, alarm.slot)
        # A chain's state holds the alarm that it is for: that of an older alarm keeps nothing going.
        own = getattr(state, "alarm", state)
        wake = self.runner.machines[machine].wake(alarm.slot, state) if own is not None and own.id == alarm.id else None
        return Keeper(machine, wake and wake[0], self.runner.timer_at(machine, alarm.slot), stored_at)

    def timers(self, machine: str, states: list[tuple[Any, Any]]) -> None:
        """Look whether the runner has the timers that some states ask for; of open alarms nobody has stored, look at all."""
        of = self.runner.machines[machine]
        for key, state in states:
            alarm = of.alarm(state)
            if alarm is not None and alarm.state != "resolved":
                self.examine(key, None)
            elif of.wake(key, state) is not None and self.runner.timer_at(machine, key) is None:
                self.lost[Finding("timer_lost", f"{machine} {of.text(key)}")] = (machine, key)

    def shelved(self, machine: str, wants: Iterable[Any]) -> None:
        """Look whether the runner has the timers that some stored states ask for, unless a turn under way has changed that."""
        of, states = self.runner.machines[machine], self.runner.cache[machine]
        for key in wants:
            if self.runner.timer_at(machine, key) is None and (state := states.get(key)) and of.wake(key, state) is not None:
                self.lost[Finding("timer_lost", f"{machine} {of.text(key)}")] = (machine, key)

    def earliest(self) -> None:
        """Look whether the service keeps up: its earliest timer is asked first, whoever's it is."""
        due_at = self.runner.next_wake_at()
        if due_at is not None and overdue(due_at, self.now):
            self.late.add(Finding("overdue", "earliest timer"))
