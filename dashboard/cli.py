"""The command `alarmcore`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import IO, Any, TextIO, cast

import click
import msgspec
import structlog
import uvloop

from alarmcore.adapters.clock import SystemClock
from alarmcore.adapters.stderr import PatientStderr
from alarmcore.errors import AlarmcoreError, InputError, Mistake, SiteInvalid
from alarmcore.shared import LEASE_S
from dashboard.given import DATA, DATABASE, SITE, YES, chosen, in_stores, option
from dashboard.options import ROLES, SIGN_OF_LIFE_S, ServeOptions, address, roles, web_address, worker_name
from dashboard.token_commands import token

EXIT_FAILED, EXIT_INPUT = 1, 2


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
@DATABASE
@option("--redis", help="Leases, news and presence among several processes: redis://, rediss:// or redis+cluster://HOST:PORT.")
@option("--roles", default=",".join(ROLES), show_default=True, help="What this process is, of several on one --database.")
@option("--name", help="This worker's name among the others; a new one each time when left out.")
@option(
    "--lease-s",
    type=click.FloatRange(0.5, 60),
    default=LEASE_S,
    show_default=True,
    help="After how long a dead worker is replaced.",
)
@option("--open", "opened", is_flag=True, help="No credentials, for trying things out; on the loopback only.")
def serve(**given: Any) -> None:
    """Run the service."""
    given["data"], given["database"] = chosen(given["data"], given["database"])
    options = serve_options(given)
    # For every line from here on, other libraries' too: no fault of the log may become one of the service.
    patient = cast("TextIO", PatientStderr())
    sys.stderr = patient
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(patient))
    from dashboard.serve import Installation
    from dashboard.stores.opening import open_stores

    if options.opened:
        click.secho("--open: NO CREDENTIALS ARE ASKED FOR. Only for trying things out.", fg="red", bold=True, err=True)

    async def served() -> None:
        async with open_stores(options.data, options.database, prepare=True) as opened:
            await Installation(options, opened).run(lambda url: click.echo(f"ready {url}"))

    uvloop.run(served())


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
        database=given["database"],
        redis=given["redis"],
        roles=roles(given["roles"]),
        name=given["name"] or worker_name(),
        lease_s=given["lease_s"],
    )


@commands.command()
@SITE
@DATA
@option("--mqtt-broker", help="The broker that will be used.")
@option("--smtp-url", help="The mail server that will be used.")
@option("--dead-man", help="The URL that will be called as a sign of life.")
@DATABASE
@option("--redis", help="The Redis that will be used.")
@click.option(
    "--repairs",
    type=click.Path(path_type=Path),
    help="Write what the one site file might say instead, where that can be told, to this file: a JSON Patch (RFC 6902).",
)
def check(sites: tuple[Path, ...], repairs: Path | None, **given: Any) -> None:
    """Check site files; without any, this machine and the servers that will be used."""
    from alarmcore.sitefile import read_site
    from dashboard.sites import refused_later

    if repairs is not None and len(sites) != 1:
        raise click.UsageError("--repairs is of one site file; give one --site")

    if given["dead_man"] is not None:
        web_address(given["dead_man"], "--dead-man")
    if not sites:
        from dashboard.environment import Environment, examine

        given["data"], given["database"] = chosen(given["data"], given["database"])
        sys.exit(0 if asyncio.run(examine(Environment(**given), click.echo)) else EXIT_FAILED)
    wrong = False
    for path in sites:
        checked = read_site(path, SystemClock().now())
        report(checked.mistakes)
        refused = refused_later(checked)
        if refused is not None:
            report([Mistake("units", refused, warning=True)])
        wrong = wrong or checked.site is None
        if repairs is not None:
            repairs.write_bytes(msgspec.json.format(msgspec.json.encode(checked.repairs)))
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


commands.add_command(token)


@commands.command("import")
@DATA
@DATABASE
@YES
@click.argument("file", type=click.Path(path_type=Path))
def import_(data: Path, database: str | None, yes: bool, file: Path) -> None:
    """Take a site FILE into an installation, showing first what changes. A running service takes it up within seconds."""
    from dashboard.transfer import import_site

    def sure() -> bool:
        return yes or click.confirm("Take it over?")

    def warn(text: str) -> None:
        click.secho(text, fg="red", bold=True, err=True)

    in_stores(data, database, lambda stores: import_site(stores, file, SystemClock().now(), sure, click.echo, warn))


@commands.command("export")
@DATA
@DATABASE
@click.option("--tenant", required=True)
def export(data: Path, database: str | None, tenant: str) -> None:
    """Print a tenant's site file."""
    from dashboard.transfer import export_site

    click.echo(in_stores(data, database, lambda stores: export_site(stores, tenant)), nl=False)


@commands.command("migrate")
@DATABASE
@click.option("--to", type=click.IntRange(0), help="The schema to go to, forward or back; the newest when left out.")
@YES
def migrate_(database: str | None, to: int | None, yes: bool) -> None:
    """Bring a PostgreSQL database's tables to what this version works with, showing first what that is."""
    from dashboard.schema import bring

    if database is None:
        raise click.UsageError("only PostgreSQL is migrated; give --database URL")
    asyncio.run(bring(database, to, lambda: yes or click.confirm("Do it?"), click.echo))


@commands.command("backup")
@DATA
@DATABASE
@click.option("--check", is_flag=True, help="Write nothing; read FILE to its end and say whether it is whole.")
@click.argument("file", type=click.Path(path_type=Path))
def backup(data: Path, database: str | None, check: bool, file: Path) -> None:
    """Write everything an installation keeps into FILE; a service may run meanwhile. FILE holds personal data and secrets."""
    from dashboard.backup import back_up, check_backup

    work = check_backup(file, say) if check else back_up(*chosen(data, database), file, SystemClock().now(), say)
    asyncio.run(work)


@commands.command("restore")
@DATA
@DATABASE
@click.argument("file", type=click.Path(path_type=Path))
def restore_(data: Path, database: str | None, file: Path) -> None:
    """Fill an empty folder or an empty PostgreSQL database from a backup of either."""
    from dashboard.backup import restore

    asyncio.run(restore(*chosen(data, database), file, say))


@commands.command("move")
@DATA
@DATABASE
def move_(data: Path, database: str | None) -> None:
    """Bring an installation from its folder into an empty PostgreSQL database. The service must be stopped."""
    from dashboard.move import move

    if database is None:
        raise click.UsageError("move needs a PostgreSQL database to go to; give --database URL")
    asyncio.run(move(data, database, SystemClock().now(), say))


def say(text: str) -> None:
    """What a command tells of its progress."""
    click.echo(text, err=True)


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
