"""The auditor of a real service, watched from outside: by its metrics, by readiness, and by a watcher who hears signs of life."""

from __future__ import annotations

import re
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from alarmcore.auditor import STALE_S
from tests.servers.receivers import HookReceiver, receiving
from tests.servers.serving import Serving, alarmcore, serving, until
from tests.servers.town import PRIVATE, town

SILENT_S = 4.0
"""Without a sign of life for so long although one is given every second or two: there is none."""


@pytest.fixture
def watcher() -> Iterator[HookReceiver]:
    with receiving() as one:
        yield one


@pytest.fixture
def service(tmp_path: Path, watcher: HookReceiver) -> Iterator[Serving]:
    signs = ["--dead-man", watcher.url, "--dead-man-every-s", "1"]
    with receiving() as hooks, serving(tmp_path, town(hook=hooks.url), arguments=signs) as running:
        yield running


def readiness(service: Serving) -> tuple[int, str]:
    with service.client() as client:
        answer = client.get("/health/ready")
        assert client.get("/health/live").status_code == 200
        return answer.status_code, "; ".join(answer.json()["missing"])


def metric(service: Serving, name: str) -> float:
    with service.client() as client:
        found = re.search(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def press(service: Serving) -> None:
    with service.client(service.token("device", "grastorp", "pendant-1")) as client:
        answer = client.post("/api/v1/readings", json={"kind": "button", "id": "one", "at": time.time()})
    assert answer.json()["readings"] == [{"id": "one", "status": "kept"}]


def silent(watcher: HookReceiver, within_s: float = 10 * SILENT_S) -> bool:
    """Whether there comes a time in which nothing is heard any more; what was on its way may still come, however late."""
    deadline = time.monotonic() + within_s
    heard, since = len(watcher.hooks), time.monotonic()
    while (now := time.monotonic()) - since < SILENT_S:
        if now > deadline:
            return False
        if len(watcher.hooks) != heard:
            heard, since = len(watcher.hooks), now
        time.sleep(0.05)
    return True


def test_signs_of_life_end_when_nothing_can_be_stored_and_come_again_by_themselves(
    service: Serving, watcher: HookReceiver
) -> None:
    """Nobody presses, nothing is due: it is noticed all the same."""
    until(lambda: len(watcher.hooks) >= 2, "two signs of life")
    assert readiness(service) == (200, "")
    holder = sqlite3.connect(service.database, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    until(lambda: "the database did not store" in readiness(service)[1], "not ready, and why")
    assert readiness(service)[0] == 503
    assert silent(watcher)
    assert '"event": "audit_failed"' in service.log
    holder.execute("ROLLBACK")
    holder.close()
    heard = len(watcher.hooks)
    until(lambda: readiness(service)[0] == 200, "ready again")
    until(lambda: len(watcher.hooks) > heard, "a sign of life again")
    assert watcher.url not in service.log


def test_signs_of_life_end_when_the_process_stands_still(service: Serving, watcher: HookReceiver) -> None:
    until(lambda: watcher.hooks, "a sign of life")
    assert service.process is not None
    service.process.send_signal(signal.SIGSTOP)
    try:
        assert silent(watcher)
    finally:
        service.process.send_signal(signal.SIGCONT)
    heard = len(watcher.hooks)
    until(lambda: len(watcher.hooks) > heard, "a sign of life again")
    until(lambda: readiness(service)[0] == 200, "ready")
    assert metric(service, 'alarmcore_dead_man_pings_total{outcome="heard"}') >= 2


def stored(service: Serving, sql: str) -> list[Any]:
    with sqlite3.connect(service.database, timeout=10) as connection:
        found = connection.execute(sql).fetchall()
    connection.close()
    return found


def test_a_moment_erased_behind_the_services_back_is_found_and_stored_again(service: Serving, watcher: HookReceiver) -> None:
    press(service)
    wakes = "SELECT wake_at FROM state WHERE machine = 'chain'"
    until(lambda: "alarm.told" in str(stored(service, "SELECT data FROM event")), "the centre is told")
    (before,) = stored(service, wakes)
    assert before[0] is not None
    stored(service, "UPDATE state SET wake_at = NULL WHERE machine = 'chain'")
    found = 'alarmcore_audit_findings_total{finding="no_next_step"}'
    until(lambda: metric(service, found) == 1, "the finding")
    until(lambda: stored(service, wakes) == [before], "the moment is stored again")
    until(lambda: metric(service, "alarmcore_alarms_without_next_step") == 0 and readiness(service)[0] == 200, "well again")
    line = next(line for line in service.log.splitlines() if "audit_finding" in line)
    assert '"about": "grastorp/r1/press/"' in line
    assert '"level": "critical"' in line
    assert not [word for word in PRIVATE if word in service.log]
    heard = len(watcher.hooks)
    until(lambda: len(watcher.hooks) > heard, "a sign of life again")


def test_an_audit_is_counted_and_its_age_measured(service: Serving) -> None:
    until(lambda: metric(service, 'alarmcore_audits_total{outcome="good"}') >= 2, "two audits")
    assert 0 <= metric(service, "alarmcore_audit_age_seconds") < STALE_S
    assert metric(service, 'alarmcore_audits_total{outcome="failed"}') == 0


@pytest.mark.parametrize(
    "url", ["ftp://watcher.example/x", "watcher.example/sesam", "https://", "http://sesam here", "http://a:99999/", ""]
)
def test_a_url_that_no_sign_of_life_can_be_given_to_is_refused_and_not_repeated(tmp_path: Path, url: str) -> None:
    """It is a secret: who knows it can give our signs of life."""
    serve = ("serve", "--data", tmp_path / "data", "--http", "127.0.0.1:0", "--mqtt", "127.0.0.1:0")
    for command in (serve, ("check", "--data", tmp_path)):
        done = alarmcore(*command, "--dead-man", url)
        assert done.returncode == 2
        assert "--dead-man is no web address" in done.stderr
        assert "https://" in done.stderr
        assert "sesam" not in done.stderr
        assert "Traceback" not in done.stderr
