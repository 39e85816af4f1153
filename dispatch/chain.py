"""Who is told next, until someone answers? A pure machine with one state for each slot: the chain of its latest alarm."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from alarmcore.model.alarm import Alarm, ContinueChain, DeclineLink, RescueChain, Slot, StartChain, StopChain, described
from alarmcore.outcome import Outcome
from dispatch.plan import ChainBook, ChainPlan, Recipient
from dispatch.telling import Settle, Telling, Told, after_failure, attempt, try_id

HANDOVER_S: Final = 15.0
"""Hand-over that has not worked after this long does not hold the chain up (the front door's promise)."""


class ChainState(msgspec.Struct, frozen=True, gc=False):
    """How far the chain of `alarm` has come.

    `link` is the one whose turn it is, `turn_began_at` since when; `declined` are those of this turn who cannot help. Nothing is
    told while `stopped`; once `done` the alarm is resolved.
    """

    book: ChainBook
    alarm: Alarm | None = None
    state: Literal["walking", "stopped", "done"] = "done"
    link: int = 0
    turn_began_at: datetime | None = None
    tellings: tuple[Telling, ...] = ()
    declined: tuple[str, ...] = ()
    wake_at: datetime | None = None


class TurnCame:
    """The moment has come at which the chain wanted to be asked."""


class Shown(msgspec.Struct, frozen=True):
    """A signed-in operator's page has shown the alarm, at `at`: a telling that began later is still nobody's."""

    slot: Slot
    alarm: str
    by: str
    at: datetime


Event = StartChain | StopChain | ContinueChain | DeclineLink | RescueChain | Told | Shown | TurnCame
Result = Outcome[ChainState]


def step(state: ChainState, event: Event, now: datetime) -> Result:
    """Let one fact move the chain."""
    walk = Walk(state, now)
    match event:
        case StartChain():
            walk = Walk(ChainState(state.book, event.alarm, "walking"), now)
            walk.go(0, "chain_turn")
        case StopChain():
            walk.stop(final=event.final)
        case ContinueChain():
            walk.forward(event.why)
        case DeclineLink():
            walk.declined(event.by)
        case RescueChain():
            walk.rescue(event.alarm)
        case Told():
            walk.told(event)
        case Shown():
            walk.shown(event)
        case TurnCame():
            walk.woke()
    return walk.outcome()


class Walk:
    """One step of one chain: collects the next state and the decisions, in order."""

    def __init__(self, state: ChainState, now: datetime) -> None:
        self.before = state
        self.state = state
        self.now = now
        self.decisions: list[Any] = []
        self.first_number = 0

    @property
    def plan(self) -> ChainPlan:
        """The chain that is walked."""
        return self.state.book.chain(self.alarm.chain)

    @property
    def alarm(self) -> Alarm:
        """The alarm it is walked for."""
        alarm = self.state.alarm
        assert alarm is not None, "a chain is only walked for an alarm"  # noqa: S101 - must hold: StartChain comes first
        return alarm

    def outcome(self) -> Result:
        """What this step came to; the moment to be asked again follows from the state."""
        wake_at = self.wake_at()
        if self.state is self.before and wake_at == self.before.wake_at:
            return Outcome(self.before, tuple(self.decisions))
        return Outcome(replace(self.state, wake_at=wake_at), tuple(self.decisions))

    # -- links ------------------------------------------------------------------------------------------------------------

    def forward(self, why: str) -> None:
        """Go on with the next link; the last one repeats."""
        if self.state.alarm is None or self.state.state == "done":
            return
        self.state = replace(self.state, state="walking")
        last = self.state.link >= self.plan.last
        self.go(min(self.state.link + 1, self.plan.last), "last_link_repeats" if last and why == "no_answer" else why)

    def go(self, link: int, why: str) -> None:
        """Tell the first link from `link` on that has somebody on duty; one that has nobody is skipped and eats no time."""
        for place in range(link, self.plan.last + 1):
            self.state = replace(self.state, link=place, turn_began_at=self.now, declined=())
            on_duty = [r for r in self.plan.links[place].recipients if r.on_duty(self.plan.tz, self.now)]
            reachable = [r for r in on_duty if r.channels]
            if reachable:
                for who in reachable:
                    self.begin(who, why)
                return
            self.decisions.append(self.event("chain.skipped", link=place, why="no_channel" if on_duty else "nobody_on_duty"))

    def rescue(self, alarm: Alarm) -> None:
        """Nothing came of an open alarm any more: its last link, a staffed centre, is told at once, and repeats."""
        known = self.state.alarm is not None and self.state.alarm.id == alarm.id
        if known and self.state.state == "walking":
            self.state = replace(self.state)  # it walks; a copy is another state, and so it is stored anew
            return
        if not known:
            self.state = ChainState(self.state.book)
            # Who was told of it is lost, and a receiver drops a telling whose number it has seen.
            self.first_number = int(self.now.timestamp())
        self.state = replace(self.state, alarm=alarm, state="walking")
        self.decisions.append(self.event("alarm.reopened", why="no_next_step"))
        self.go(self.plan.last, "no_next_step")

    def begin(self, who: Recipient, why: str) -> None:
        """Begin to tell one recipient, unless an earlier telling of theirs is still under way: then that one counts.

        Its channels all get another chance: with the others given up for good, a console nobody looks at would be waited for.
        So does a try of which nothing is heard: its channel may have been taken out of the site meanwhile.
        """
        mine = [t for t in self.state.tellings if t.ref == who.ref]
        earlier = next((t for t in mine if t.pending), None)
        if earlier is not None:
            unheard = earlier.next_at is None and any(c.kind != "console" for c in who.channels)
            next_at = self.now + timedelta(seconds=HANDOVER_S) if unheard else earlier.next_at
            self.keep(replace(earlier, link=self.state.link, dead=(), next_at=next_at))
            return
        number = max((t.number for t in mine), default=self.first_number - 1) + 1
        telling = Telling(who.ref, self.state.link, number, why, self.now)
        others = tuple(t for t in self.state.tellings if t.ref != who.ref)
        self.state = replace(self.state, tellings=(*others, telling))
        self.try_channel(telling, who)

    def try_channel(self, telling: Telling, who: Recipient) -> None:
        """Try the channel whose turn it is."""
        tried, tell = attempt(telling, who, self.alarm, self.now)
        self.keep(tried)
        self.decisions.append(tell)

    def keep(self, telling: Telling) -> None:
        """Put a telling in the place of its earlier self. Of one that is done with, no try is begun again after a restart."""
        kept = tuple(telling if t.ref == telling.ref else t for t in self.state.tellings)
        self.state = replace(self.state, tellings=kept)
        if not telling.pending:
            name = f"{self.alarm.id}:{telling.ref}:{telling.number}"
            settled = {decision.id for decision in self.decisions if isinstance(decision, Settle)}
            tries = [f"{name}:{n + 1}" for n in range(telling.tries)]
            self.decisions.extend(Settle(one) for one in tries if one not in settled)

    def who(self, telling: Telling) -> Recipient | None:
        """The recipient of a telling, if the chain still has them."""
        return next((r for link in self.plan.links for r in link.recipients if r.ref == telling.ref), None)

    def this_turn(self) -> list[Telling]:
        """The tellings of the link whose turn it is."""
        return [t for t in self.state.tellings if t.link == self.state.link]

    # -- time -------------------------------------------------------------------------------------------------------------

    def turn_at(self) -> datetime:
        """When the next link's turn comes (or the last one's again)."""
        began_at = self.state.turn_began_at or self.now
        wait_s = self.plan.links[self.state.link].wait_s
        handed = [t.handed_at for t in self.this_turn() if t.handed_at is not None and t.handed_at >= began_at]
        if self.state.link == self.plan.last:
            held_up_s = wait_s if handed else max(wait_s, HANDOVER_S)
            return max(handed, default=began_at) + timedelta(seconds=held_up_s)
        in_time = [at for at in handed if at <= began_at + timedelta(seconds=HANDOVER_S)]
        if in_time:
            return max(in_time) + timedelta(seconds=wait_s)
        if not any(t.pending for t in self.this_turn()):
            return began_at
        return began_at + timedelta(seconds=HANDOVER_S)

    def wake_at(self) -> datetime | None:
        """The earliest moment at which something must be done."""
        if self.state.state != "walking":
            return None
        return min([self.turn_at(), *(t.next_at for t in self.state.tellings if t.pending and t.next_at is not None)])

    def woke(self) -> None:
        """Try again what is due to be tried, and go on if the turn is over."""
        if self.state.state != "walking":
            return
        for telling in self.state.tellings:
            if telling.pending and telling.next_at is not None and telling.next_at <= self.now:
                self.retry(telling)
        self.turn_over()

    def turn_over(self) -> None:
        """Go on with the next link if this one has had its time."""
        if self.turn_at() > self.now:
            return
        told = any(t.handed_at is not None for t in self.this_turn())
        self.forward("no_answer" if told or self.state.link == self.plan.last else "not_handed_over")

    def retry(self, telling: Telling) -> None:
        """Time is up for a try: a console nobody has looked at gives way to the next channel, a failed one begins again."""
        who = self.who(telling)
        if who is None or not who.channels:
            self.keep(replace(telling, given_up=True, next_at=None))
            return
        if telling.trying:
            telling, at_once = after_failure(telling, who, permanent=False, now=self.now)
            if not at_once:
                self.keep(telling)
                return
        self.try_channel(telling, who)

    # -- what happens -----------------------------------------------------------------------------------------------------

    def told(self, event: Told) -> None:
        """A channel has answered."""
        self.decisions.append(Settle(event.id))
        telling = self.telling(event.alarm, event.ref, event.number)
        if telling is None or telling.handed_at is not None:
            return
        if event.ok:
            self.handed_over(telling, event.channel)
            return
        self.decisions.append(
            self.event("alarm.telling_failed", telling, channel=event.channel, why="not_handed_over", text=event.text)
        )
        who = self.who(telling)
        if who is None or self.state.state != "walking" or not telling.pending:
            self.keep(replace(telling, given_up=True, next_at=None))
            return
        if not telling.trying or event.id != try_id(telling, event.alarm):
            return  # a try that gave way to the next must not make the chain leave out a channel
        telling, at_once = after_failure(telling, who, permanent=event.permanent, now=self.now)
        self.keep(telling)
        if at_once:
            self.try_channel(telling, who)
        else:
            self.turn_over()

    def telling(self, alarm: str, ref: str, number: int) -> Telling | None:
        """The telling that an answer is about, if it is still of interest."""
        if self.state.alarm is None or self.state.alarm.id != alarm:
            return None
        return next((t for t in self.state.tellings if t.ref == ref and t.number == number), None)

    def handed_over(self, telling: Telling, channel: str) -> None:
        """Somebody has been told; this counts also when the alarm was taken meanwhile."""
        self.keep(replace(telling, handed_at=self.now, handed_by=channel, next_at=None))
        self.decisions.append(self.event("alarm.told", telling, channel=channel, why=telling.why))

    def shown(self, event: Shown) -> None:
        """An operator's screen shows the alarm: hand-over to every telling that may go by console."""
        if self.state.alarm is None or self.state.alarm.id != event.alarm or self.state.state == "done":
            return
        for telling in self.state.tellings:
            who = self.who(telling)
            seen = telling.pending and telling.told_at <= event.at
            if seen and who is not None and any(c.kind == "console" for c in who.channels):
                self.handed_over(telling, "console")

    def declined(self, by: str) -> None:
        """One of those told cannot help. When none of this turn's can, the next link's turn comes at once."""
        told = {t.ref for t in self.this_turn()}
        if self.state.state != "walking" or by not in told:
            return
        self.state = replace(self.state, declined=tuple(sorted({*self.state.declined, by})))
        if told <= set(self.state.declined) and self.state.link < self.plan.last:
            self.forward("all_declined")

    def stop(self, *, final: bool) -> None:
        """Tell nobody more: what is still under way is not begun again after a restart."""
        if self.state.alarm is None or self.state.state == "done":
            return
        for telling in self.state.tellings:
            if telling.pending:
                self.keep(replace(telling, given_up=True, next_at=None))
        self.state = replace(self.state, state="done" if final else "stopped")

    def event(self, name: str, telling: Telling | None = None, **more: Any) -> Any:
        """A line of the alarm's timeline about this chain."""
        if telling is not None:
            more |= {"link": telling.link, "to": telling.ref}
        return described(self.alarm, name, self.now, **more)
