"""`alarmcore token`: secrets are made, revoked and listed."""

from __future__ import annotations

from pathlib import Path

import click

from alarmcore.adapters.clock import SystemClock
from dashboard.credentials import INSTALLATION, Role
from dashboard.given import DATA, DATABASE, in_stores


@click.group()
def token() -> None:
    """Make a secret, which is printed once and kept nowhere; revoke one; list who holds some."""


@token.command("operator")
@click.option("--tenant", required=True)
@click.option("--name", help="Who it is for; shown to others as who took an alarm.")
@DATA
@DATABASE
def token_operator(tenant: str, name: str | None, data: Path, database: str | None) -> None:
    """A secret for an operator of a tenant's alarms."""
    issue("operator", tenant, name, data, database)


@token.command("administrator")
@click.option("--tenant", required=True)
@click.option("--name", help="Who it is for.")
@DATA
@DATABASE
def token_administrator(tenant: str, name: str | None, data: Path, database: str | None) -> None:
    """A secret for an administrator of a tenant."""
    issue("administrator", tenant, name, data, database)


@token.command("device")
@click.argument("device", metavar="TENANT/DEVICE")
@DATA
@DATABASE
def token_device(device: str, data: Path, database: str | None) -> None:
    """A device's password, for MQTT and HTTP."""
    tenant, _, name = device.partition("/")
    issue("device", tenant, name, data, database)


@token.command("webhook")
@click.option("--tenant", required=True)
@DATA
@DATABASE
def token_webhook(tenant: str, data: Path, database: str | None) -> None:
    """The secret by which a tenant's receivers of webhooks know that a message is ours."""
    from dashboard.tokens import webhook_secret  # noqa: PLC0415 - loads the channels, which other commands need not

    click.echo(in_stores(data, database, lambda stores: webhook_secret(stores, tenant)))


@token.command("broker")
@click.option("--name", help="Which broker it is for.")
@DATA
@DATABASE
def token_broker(name: str | None, data: Path, database: str | None) -> None:
    """A broker's secret: it may ask over HTTP whether a device may come in, and nothing else."""
    issue("broker", INSTALLATION, name, data, database)


@token.command("revoke")
@click.option("--tenant", required=True, help="Whose; `-` for the installation's own brokers.")
@click.argument("subject")
@DATA
@DATABASE
def token_revoke(tenant: str, subject: str, data: Path, database: str | None) -> None:
    """Let all secrets of SUBJECT (operator:anna, device:gps-1, broker:mosquitto) open nothing from now on."""
    from dashboard.tokens import revoke_token  # noqa: PLC0415 - loads the channels, which other commands need not

    now = SystemClock().now()
    for line in in_stores(data, database, lambda stores: revoke_token(stores, tenant, subject, now)):
        click.echo(line)


@token.command("list")
@click.option("--tenant", required=True, help="Whose; `-` for the installation's own brokers.")
@DATA
@DATABASE
def token_list(tenant: str, data: Path, database: str | None) -> None:
    """Who holds secrets of a tenant, since when, and when they were revoked. The secrets themselves are kept nowhere."""
    from dashboard.tokens import list_tokens  # noqa: PLC0415 - loads the channels, which other commands need not

    for line in in_stores(data, database, lambda stores: list_tokens(stores, tenant)):
        click.echo(line)


def issue(role: Role, tenant: str, name: str | None, data: Path, database: str | None) -> None:
    """Make, keep and print one credential."""
    from dashboard.tokens import issue_token  # noqa: PLC0415 - loads the channels, which other commands need not

    now = SystemClock().now()
    click.echo(in_stores(data, database, lambda stores: issue_token(stores, role, tenant, name, now)))
