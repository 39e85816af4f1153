"""What several commands can be given: options, each also as a variable, and the installation they work on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from alarmcore.errors import OptionInvalid
from dashboard.stores.ports import Stores

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def option(name: str, *names: str, **more: Any) -> Callable[[F], F]:
    """An option that can also be given as an `ALARMCORE_…` variable."""
    return click.option(name, *names, envvar="ALARMCORE_" + name.strip("-").upper().replace("-", "_"), **more)


SITE = option("--site", "sites", type=click.Path(path_type=Path), multiple=True, help="Site file; repeatable.")
DATA = option("--data", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="Where to keep it all.")
DATABASE = option("--database", help="Keep it in PostgreSQL instead: postgresql://USER:PASSWORD@HOST/NAME.")
YES = click.option("--yes", is_flag=True, help="Do not ask.")


def chosen(data: Path, database: str | None) -> tuple[Path, str | None]:
    """Which of the two the command under way works on. What stands on the command line wins, and what is left out is said.

    Raises:
        OptionInvalid: the variables name both, and nobody can know which is meant.
    """
    context = click.get_current_context()
    by = {name: context.get_parameter_source(name) for name in ("data", "database")}
    if database is None or by["data"] is ParameterSource.DEFAULT:
        return data, database
    typed = {name for name, source in by.items() if source is ParameterSource.COMMANDLINE}
    if not typed:
        raise OptionInvalid(
            "ALARMCORE_DATA and ALARMCORE_DATABASE are both set, and an installation is kept in one of them; "
            "unset the other, or give --data or --database to this command"
        )
    if typed == {"data"}:
        click.echo(f"alarmcore: --data {data} is used; ALARMCORE_DATABASE is left out", err=True)
        return data, None
    left = "--data" if "data" in typed else "ALARMCORE_DATA"
    click.echo(f"alarmcore: --database is used; {left} {data} is left out", err=True)
    return data, database


def in_stores(data: Path, database: str | None, work: Callable[[Stores], Awaitable[T]]) -> T:
    """What some work gives on an installation's stores, whichever database it has."""
    # A command loads only what it needs, so that each starts at once.
    from dashboard.stores.opening import open_stores  # noqa: PLC0415

    data, database = chosen(data, database)

    async def opened() -> T:
        async with open_stores(data, database) as found:
            return await work(found.stores)

    return asyncio.run(opened())
