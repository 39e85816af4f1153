"""When a client is hung up on for its silence: a socket with a clock that a test moves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

from test_mqtt_listener_connection import PING, TOPIC, Stage
from test_mqtt_listener_packets import connect, publish

from alarmcore.adapters.mqtt_listener.codes import Code
from alarmcore.adapters.mqtt_listener.limits import CONNECT_S_MAX, HANG_UP_S_MAX, STALLED_S_MAX
from alarmcore.adapters.mqtt_listener.listener import Socket


class Timer:
    """What `call_later` gives."""

    def __init__(self, at: float, call: Callable[[], None]) -> None:
        self.at = at
        self.call: Callable[[], None] | None = call

    def cancel(self) -> None:
        self.call = None


class HandMovedLoop:
    """The three things a socket asks of its loop; time stands still until `go_to`."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers: list[Timer] = []
        self.tasks: list[Coroutine[Any, Any, None]] = []
        self.given: list[Task] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(self.now + delay_s, call))
        return self.timers[-1]

    def create_task(self, work: Coroutine[Any, Any, None]) -> Task:
        self.tasks.append(work)
        self.given.append(Task(work))
        return self.given[-1]

    def create_future(self) -> Future:
        return Future()

    def go_to(self, moment: float) -> None:
        while due := sorted((t for t in self.timers if t.call and t.at <= moment), key=lambda timer: timer.at):
            self.now, call = due[0].at, due[0].call
            due[0].cancel()
            if call is not None:
                call()
        self.now = moment


class Task:
    def __init__(self, work: Coroutine[Any, Any, None]) -> None:
        self.work = work
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True
        self.work.close()


class Future:
    finished = False

    def done(self) -> bool:
        return self.finished

    def set_result(self, result: None) -> None:
        self.finished = True


class PaperTransport:
    """Writes down what a socket asks of its transport."""

    def __init__(self) -> None:
        self.sent = b""
        self.aborted = self.ended = self.paused = False

    def get_extra_info(self, name: str) -> None:
        return None

    def write(self, data: bytes) -> None:
        self.sent += data

    def write_eof(self) -> None:
        self.ended = True

    def can_write_eof(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True

    def pause_reading(self) -> None:
        self.paused = True

    def resume_reading(self) -> None:
        self.paused = False


class Scene:
    """A socket that has been opened at 0 s."""

    def __init__(self, **limits: int) -> None:
        self.loop = HandMovedLoop()
        self.stage = Stage(**limits)
        self.transport = PaperTransport()
        self.socket = Socket(self.stage.house, set(), cast("asyncio.AbstractEventLoop", self.loop))
        self.socket.connection_made(cast("asyncio.Transport", self.transport))

    def sign_in(self, level: int = 5, keep_alive_s: int = 20) -> None:
        self.socket.data_received(connect(level, keep_alive_s=keep_alive_s))
        # What the task does once the gate has said yes; the task itself waits for the gate with a clock that we do not have.
        self.loop.tasks.pop().close()
        self.socket.connection.signed_in("t1/d1")
        self.socket._look()
        self.stage.turn()
        self.transport.sent = b""


def test_a_socket_without_a_connect_is_closed() -> None:
    scene = Scene()
    scene.loop.go_to(CONNECT_S_MAX - 0.1)
    assert not scene.transport.ended
    scene.loop.go_to(CONNECT_S_MAX)
    assert scene.transport.ended
    assert scene.stage.house.counts.lapsed == 1


def test_a_client_is_lost_after_one_and_a_half_keep_alive_intervals() -> None:
    scene = Scene()
    scene.sign_in(keep_alive_s=20)
    scene.loop.go_to(29.9)
    assert not scene.transport.ended
    scene.loop.go_to(30)
    assert scene.transport.sent == b"\xe0\x01\x8d"
    assert scene.transport.ended


def test_whatever_a_client_says_keeps_it_alive() -> None:
    scene = Scene()
    scene.sign_in(keep_alive_s=20)
    for moment, said in ((25, PING), (50, publish(TOPIC, b"x", 0, v5=True))):
        scene.loop.go_to(moment)
        scene.socket.data_received(said)
    scene.loop.go_to(79.9)
    assert not scene.transport.ended
    scene.loop.go_to(80)
    assert scene.transport.ended


def test_a_client_without_keep_alive_may_be_silent() -> None:
    scene = Scene()
    scene.sign_in(keep_alive_s=0)
    scene.loop.go_to(1_000_000)
    assert not scene.transport.ended


def test_a_client_we_do_not_read_from_is_not_called_silent() -> None:
    scene = Scene(receive_max=1)
    scene.sign_in(keep_alive_s=20)
    scene.socket.data_received(publish(TOPIC, b"x", v5=True))
    assert scene.transport.paused
    scene.loop.go_to(300)
    assert not scene.transport.ended
    scene.stage.settle(0)
    scene.stage.turn()
    scene.loop.go_to(331)
    assert scene.transport.ended


def test_a_client_that_reads_nothing_for_too_long_is_cut_off() -> None:
    scene = Scene()
    scene.sign_in(keep_alive_s=0)
    scene.socket.pause_writing()
    scene.loop.go_to(STALLED_S_MAX - 1)
    scene.socket.resume_writing()
    scene.loop.go_to(100)
    assert not scene.transport.aborted
    scene.socket.pause_writing()
    scene.loop.go_to(100 + STALLED_S_MAX)
    assert scene.transport.aborted


def test_last_words_have_a_bounded_time_to_be_read() -> None:
    scene = Scene()
    scene.sign_in()
    scene.socket.data_received(b"\x00\x00")
    assert scene.transport.sent == b"\xe0\x01\x81"
    assert scene.transport.ended
    scene.loop.go_to(HANG_UP_S_MAX)
    assert scene.transport.aborted


def test_a_client_that_was_held_back_is_read_again_when_hung_up_on() -> None:
    """What it still sends is thrown away; left unread it would reset the connection, and our last words with it."""
    scene = Scene(receive_max=1)
    scene.sign_in()
    scene.socket.data_received(publish(TOPIC, b"x", v5=True))
    assert scene.transport.paused
    scene.socket.connection.drop(Code.SHUTTING_DOWN)
    assert not scene.transport.paused


def test_the_gate_is_no_longer_asked_about_a_client_that_has_gone() -> None:
    scene = Scene()
    scene.socket.data_received(connect())
    scene.socket.connection_lost(None)
    assert [task.cancelled for task in scene.loop.given] == [True]


def test_nothing_is_left_ticking_when_a_client_has_gone() -> None:
    scene = Scene()
    scene.sign_in()
    scene.socket.pause_writing()
    scene.socket.connection_lost(None)
    assert not any(timer.call for timer in scene.loop.timers)
    assert scene.socket.gone.done()
