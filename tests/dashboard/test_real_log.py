"""A real service whose log nobody reads, or whose reader has died: alarms are raised and told all the same."""

from __future__ import annotations

import fcntl
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.servers.receivers import receiving
from tests.servers.serving import READY, Serving, until
from tests.servers.town import ladder
from tests.servers.ward import TENANT


def unread() -> tuple[int, int]:
    """A pipe that is full."""
    reading, writing = os.pipe()
    flags = fcntl.fcntl(writing, fcntl.F_GETFL)
    fcntl.fcntl(writing, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    with suppress(BlockingIOError):
        while True:
            os.write(writing, bytes(4096))
    fcntl.fcntl(writing, fcntl.F_SETFL, flags)
    return reading, writing


def dead() -> tuple[int, int]:
    """A pipe that nobody holds the other end of."""
    reading, writing = os.pipe()
    os.close(reading)
    return -1, writing


@contextmanager
def logging_to(service: Serving, stderr: int) -> Iterator[Serving]:
    """The service, started with that log."""
    service.process = subprocess.Popen(service.line, stdout=subprocess.PIPE, stderr=stderr, text=True)
    try:
        assert service.process.stdout is not None
        said = READY.match(service.process.stdout.readline())
        assert said is not None
        service.url = said[1].rstrip("/")
        yield service
    finally:
        service.kill()


@pytest.mark.parametrize("pipe", [unread, dead])
def test_alarms_are_told_though_the_log_goes_nowhere(pipe: Callable[[], tuple[int, int]], tmp_path: Path) -> None:
    reading, writing = pipe()
    try:
        with receiving() as deaf, receiving() as hooks:
            deaf.status = 410  # a try that failed is a line in the log
            site = ladder(hooks.url, residents=1, wait_s=600)
            for contact in site["contacts"]:
                contact["channels"] = [{"kind": "webhook", "to": deaf.url}]
            with logging_to(Serving(tmp_path, site), writing) as service:
                press = {"tenant": TENANT, "device": "pendant-1", "kind": "button", "id": "one", "at": time.time()}
                with service.client(service.token("device", TENANT, "pendant-1")) as client:
                    assert client.post("/api/v1/readings", json=press).status_code == 200
                until(lambda: hooks.hooks, "the centre is told")
                assert told_in_vain(service) == 2
                with service.client() as client:
                    assert client.get("/health/ready").status_code == 200
    finally:
        for number in (reading, writing):
            if number >= 0:
                os.close(number)


def told_in_vain(service: Serving) -> float:
    """Tries that failed, as the metrics say."""
    with service.client() as client:
        lines = client.get("/metrics").text.splitlines()
    found = [line for line in lines if line.startswith('alarmcore_told_total{channel="webhook",outcome="failed"}')]
    return float(found[0].split()[-1]) if found else 0.0
