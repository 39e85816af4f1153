"""The command `alarmcore`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, TextIO, TypeVar, cast

import click
import structlog
import uvloop

from alarmcore.adapters.clock import SystemClock
from alarmcore.adapters.sqlite_journal import Database
from alarmcore.adapters.stderr import PatientStderr
from alarmcore.errors import AlarmcoreError, InputError, SiteInvalid
from dashboard.options import SIGN_OF_LIFE_S, ServeOptions, address, web_address

EXIT_FAILED, EXIT_INPUT = 1, 2
F = TypeVar("F", bound=Callable[..., Any])


def option(name: str, *names: str, **more: Any) -> Callable[[F], F]:
    """An option that can also be given as an `ALARMCORE_…` variable."""
    return click.option(name, *names, envvar="ALARMCORE_" + name.strip("-").upper().replace("-", "_"), **more)


SITE = option("--site", "sites", type=click.Path(path_type=Path), multiple=True, help="Site file; repeatable.")
DATA = option("--data", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="Where to keep it all.")


def main() -> None:
    """Run the command; errors are one clear message on stderr and an exit code."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    try:
        commands(standalone_mode=False)
    except click.exceptions.Exit as done:
        sys.exit(done.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_INPUT)
    except click.Abort:
        sys.exit(EXIT_FAILED)
    except SiteInvalid as error:
        report(error.mistakes)
        print(f"alarmcore: {error}", file=sys.stderr)
        sys.exit(EXIT_INPUT)
    except InputError as error:
        print(f"alarmcore: {error}", file=sys.stderr)
        sys.exit(EXIT_INPUT)
    except AlarmcoreError as error:
        print(f"alarmcore: {error}", file=sys.stderr)
        sys.exit(EXIT_FAILED)
    except BrokenPipeError:
        sys.exit(EXIT_FAILED)


def report(mistakes: list[Any]) -> None:
    """Say all mistakes and warnings, one a line."""
    for mistake in mistakes:
        print(mistake, file=sys.stderr)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="alarmcore")
def commands() -> None:
    """Alarm handling and real-time monitoring for welfare technology."""


@commands.command()
@SITE
@DATA
@option("--http", default="127.0.0.1:8080", show_default=True, help="Pages and API: HOST:PORT.")
@option("--mqtt", default="127.0.0.1:1883", show_default=True, help="Embedded MQTT listener: HOST:PORT.")
@option("--mqtt-broker", help="Subscribe at this broker instead: mqtt://USER:PASSWORD@HOST:PORT (or mqtts://).")
@option("--public-url", help="Where recipients reach this installation, for their links.")
@option("--smtp-url", help="Mail server: smtp://USER:PASSWORD@HOST:PORT.")
@option("--smtp-sender", help="Sender of mails.")
@option("--dead-man", help="URL that is called as a sign of life while all is well, for a watcher outside.")
@option("--dead-man-every-s", type=click.FloatRange(1, 3600), default=SIGN_OF_LIFE_S, help="Seconds between two of them.")
@option("--open", "opened", is_flag=True, help="No credentials, for trying things out; on the loopback only.")
def serve(**given: Any) -> None:
    """Run the service."""
    options = serve_options(given)
    # For every line from here on, other libraries' too: no fault of the log may become one of the service.
    patient = cast("TextIO", PatientStderr())
    sys.stderr = patient
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(patient))
    database = open_database(options.data)
    try:
        from dashboard.serve import Installation

        installation = Installation(options, database)
        if options.opened:
            click.secho("--open: NO CREDENTIALS ARE ASKED FOR. Only for trying things out.", fg="red", bold=True, err=True)
        uvloop.run(installation.run(lambda url: click.echo(f"ready {url}")))
    finally:
        database.close()


def serve_options(given: dict[str, Any]) -> ServeOptions:
    """The options of `serve` from what was given."""
    return ServeOptions(
        sites=given["sites"],
        data=given["data"],
        http=address(given["http"], "--http"),
        mqtt=None if given["mqtt_broker"] else address(given["mqtt"], "--mqtt"),
        mqtt_broker=given["mqtt_broker"],
        opened=given["opened"],
        public_url=given["public_url"],
        smtp_url=given["smtp_url"],
        smtp_sender=given["smtp_sender"],
        dead_man=given["dead_man"],
        dead_man_every_s=given["dead_man_every_s"],
    )


def open_database(data: Path) -> Database:
    """The database of an installation."""
    from dashboard.serve import DATABASE

    return Database(data / DATABASE)


@commands.command()
@SITE
@DATA
@option("--mqtt-broker", help="The broker that will be used.")
@option("--smtp-url", help="The mail server that will be used.")
@option("--dead-man", help="The URL that will be called as a sign of life.")
def check(sites: tuple[Path, ...], data: Path, mqtt_broker: str | None, smtp_url: str | None, dead_man: str | None) -> None:
    """Check site files; without any, this machine."""
    from alarmcore.sitefile import read_site

    if dead_man is not None:
        web_address(dead_man, "--dead-man")
    if not sites:
        from dashboard.environment import examine

        sys.exit(0 if examine(data, mqtt_broker, smtp_url, click.echo) else EXIT_FAILED)
    wrong = False
    for path in sites:
        checked = read_site(path, SystemClock().now())
        report(checked.mistakes)
        wrong = wrong or checked.site is None
        if checked.site is not None:
            click.echo(f"{path}: {len(checked.site.residents)} residents, no mistakes")
    sys.exit(EXIT_INPUT if wrong else 0)


@commands.command()
@SITE
@click.argument("events", type=click.File("rb"))
def replay(sites: tuple[Path, ...], events: IO[bytes]) -> None:
    """Run recorded readings (EVENTS, `-` for stdin) through the real machines in virtual time."""
    from alarmcore.sitefile import require
    from dashboard.replay import Replay
    from dashboard.sites import read_sites

    if not sites:
        raise click.UsageError("replay needs a site; give one with --site FILE")
    checked = read_sites(sites)
    found = [require(one) for one in checked]
    out = sys.stdout.buffer
    asyncio.run(Replay(found, out.write).run(events))
    out.flush()


@commands.group()
def token() -> None:
    """Make a secret; it is printed once and kept nowhere."""


@token.command("operator")
@click.option("--tenant", required=True)
@click.option("--name", help="Who it is for; shown to others as who took an alarm.")
@DATA
def token_operator(tenant: str, name: str | None, data: Path) -> None:
    """A secret for an operator of a tenant's alarms."""
    issue("operator", tenant, name, data)


@token.command("administrator")
@click.option("--tenant", required=True)
@click.option("--name", help="Who it is for.")
@DATA
def token_administrator(tenant: str, name: str | None, data: Path) -> None:
    """A secret for an administrator of a tenant."""
    issue("administrator", tenant, name, data)


@token.command("device")
@click.argument("device", metavar="TENANT/DEVICE")
@DATA
def token_device(device: str, data: Path) -> None:
    """A device's password, for MQTT and HTTP."""
    tenant, _, name = device.partition("/")
    issue("device", tenant, name, data)


@token.command("webhook")
@click.option("--tenant", required=True)
@DATA
def token_webhook(tenant: str, data: Path) -> None:
    """The secret by which a tenant's receivers of webhooks know that a message is ours."""
    from dashboard.tokens import webhook_secret

    database = open_database(data)
    try:
        click.echo(webhook_secret(database, tenant))
    finally:
        database.close()


def issue(role: Any, tenant: str, name: str | None, data: Path) -> None:
    """Make, keep and print one credential."""
    from dashboard.tokens import issue_token

    database = open_database(data)
    try:
        click.echo(issue_token(database, role, tenant, name, SystemClock().now()))
    finally:
        database.close()


@commands.command("import")
@DATA
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("file", type=click.Path(path_type=Path))
def import_(data: Path, yes: bool, file: Path) -> None:
    """Take a site FILE into an installation, showing first what changes. A running service takes it up when it is restarted."""
    from dashboard.transfer import import_site

    database = open_database(data)
    try:
        import_site(database, file, SystemClock().now(), sure=lambda: yes or click.confirm("Take it over?"), say=click.echo)
    finally:
        database.close()


@commands.command("export")
@DATA
@click.option("--tenant", required=True)
def export(data: Path, tenant: str) -> None:
    """Print a tenant's site file."""
    from dashboard.transfer import export_site

    database = open_database(data)
    try:
        click.echo(export_site(database, tenant), nl=False)
    finally:
        database.close()


@commands.command()
@option("--http", default="127.0.0.1:8080", show_default=True)
@option("--mqtt", default="127.0.0.1:1883", show_default=True)
@option("--data", type=click.Path(path_type=Path), help="Where to keep it; a folder that is thrown away when left out.")
@option("--seed", default=1, show_default=True, help="Of the residents' lives.")
def demo(http: str, mqtt: str, data: Path | None, seed: int) -> None:
    """Run everything in one process with a living demo municipality."""
    from dashboard.demo import run_demo

    run_demo(address(http, "--http"), address(mqtt, "--mqtt"), data, seed)


@commands.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def simulate(options: tuple[str, ...]) -> None:
    """Run worlds full of faults that try to break every promise (--help says how). Needs the source code."""
    import subprocess

    source = Path(__file__).resolve().parents[1]
    if not (source / "tests" / "simulation").is_dir():
        raise click.UsageError("the simulation comes with the source code only; run this in a checkout of it")
    # A process of its own, since nothing that is installed may import the tests.
    command = [sys.executable, "-m", "tests.simulation", *options]
    sys.exit(subprocess.run(command, cwd=source, check=False).returncode)  # noqa: S603 - our own code, with what this caller gave


if __name__ == "__main__":
    main()
