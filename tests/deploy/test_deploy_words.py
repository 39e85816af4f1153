"""What deploy/ and the pages say exists: options, commands, lines of the log, metrics, files."""

from __future__ import annotations

import re
from pathlib import Path

import click
import prometheus_client
import pytest

from alarmcore import metrics
from dashboard.cli import commands
from tests.deploy.programs import DEPLOY, ROOT

RUNBOOK = ROOT / "docs" / "runbook.md"
PAGES = [RUNBOOK, ROOT / "docs" / "deploy.md"]
FILES = [path for path in sorted(DEPLOY.rglob("*")) if path.is_file()]
OURS = {"ALARMCORE_VERSION", "ALARMCORE_DOMAIN", "ALARMCORE_SITES", "ALARMCORE_WEB", "ALARMCORE_SQL"} | {
    f"ALARMCORE_{door}_PORT" for door in ("HTTP", "HTTPS", "MQTT")
}
"""Variables of the files in deploy/ themselves."""


def source(*packages: str) -> str:
    return "".join(path.read_text() for package in packages for path in (ROOT / package).rglob("*.py"))


def parameters(name: str) -> list[click.Parameter]:
    found = commands.commands[name]
    return [*found.params, *(p for sub in getattr(found, "commands", {}).values() for p in sub.params)]


def test_every_variable_is_an_option() -> None:
    known = {str(p.envvar) for name in commands.commands for p in parameters(name) if p.envvar}
    said = {name for path in [*FILES, *PAGES] for name in re.findall(r"\bALARMCORE_[A-Z_]*[A-Z]", path.read_text())}
    said = {name.removesuffix("_FILE") for name in said}
    assert said >= {"ALARMCORE_DATABASE", "ALARMCORE_REDIS", "ALARMCORE_ROLES", "ALARMCORE_NAME"}
    assert said - known - OURS == set()


def test_every_command_exists_with_its_options() -> None:
    said: list[tuple[str, str]] = []
    for path in [*FILES, *PAGES]:
        said += re.findall(r"\balarmcore (?:token )?([a-z]+)\b((?: (?:--[a-z-]+|[A-Z\"$/][^ `|]*|[a-z./-]+))*)", path.read_text())
    called = [(name, set(re.findall(r"--[a-z-]+", rest))) for name, rest in said if name in commands.commands]
    assert {name for name, _ in called} >= {"serve", "check", "migrate", "backup", "restore", "move", "import"}
    for name, options in called:
        known = {opt for p in parameters(name) for opt in p.opts}
        assert options <= known | {"--wait"}, name


def test_lines_of_the_log_are_those_of_the_code() -> None:
    code = source("alarmcore", "dashboard", "dispatch")
    events = set(re.findall(r"log\.\w+\(\s*\"([a-z_.]+)\"", code))
    labels = set(re.findall(r'"([a-z]+(?:_[a-z]+)+)"', code))
    others = r"alarmcore|pg_|partition\.|full_page|synchronous|device\.|late_s|.*\.(sql|env|db|md|yaml)$"
    words = {w for w in re.findall(r"`([a-z]+(?:[_.][a-z]+)+)`", RUNBOOK.read_text()) if not re.match(others, w)}
    assert len(words & events) > 20
    assert words - events - labels == set()


def test_metrics_of_the_runbook_exist() -> None:
    assert metrics.OPEN is not None
    known = {family.name + end for family in prometheus_client.REGISTRY.collect() for end in ("", "_total", "_bucket")}
    said = set(re.findall(r"\balarmcore_[a-z_]+\b", RUNBOOK.read_text())) - {"alarmcore_service", "alarmcore_owner"}
    assert said
    assert said - known == set()


def test_words_of_readiness_are_those_of_the_code() -> None:
    code = source("alarmcore", "dashboard")
    table = RUNBOOK.read_text().split("| `missing` says | |")[1].split("\n\n")[0]
    said = [text.strip(" …") for row in re.findall(r"^\| (.*?) \|", table, flags=re.MULTILINE) for text in row.split(";")]
    plain = [text for text in said if text and not set(text) <= {"-"}]
    assert len(plain) > 6
    for text in plain:
        assert text in code or text in {"has stopped", "start the service anew", "steps that are overdue"}, text


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text()
    titles = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    here = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles}
    for link in re.findall(r"\]\(([^)]+)\)", text):
        target, _, place = link.partition("#")
        assert (page.parent / target).exists() if target else place in here, link


def test_files_that_the_pages_name_exist() -> None:
    for page in PAGES:
        for name in re.findall(r"`(deploy/[\w./-]+)`", page.read_text()):
            assert (ROOT / name).exists(), f"{page.name}: {name}"


def test_secrets_are_words_that_open_nothing() -> None:
    for path in FILES:
        for secret in re.findall(r"://[\w.]+:([^@\s\"'`]+)@", path.read_text()):
            assert secret in {"PASSWORD", "password"} or secret.startswith("$("), f"{path.name}: {secret}"
