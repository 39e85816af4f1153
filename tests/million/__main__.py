"""`python -m tests.million --persons 1000000`: fills a database with persons who have lived a day, and measures a worker."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

import click

from tests.million.measures import Worker, gathered, lateness, share
from tests.million.population import filled, lived_through


@click.command()
@click.option("--persons", default=100_000, show_default=True)
@click.option(
    "--data", type=click.Path(path_type=Path), help="A folder to keep the database in; one that is there is used again."
)
@click.option("--timers/--no-timers", default=True, help="Measure how late timers are, too (about a minute).")
def main(persons: int, data: Path | None, timers: bool) -> None:
    """Seconds until a worker is ready, bytes of each person, lateness of its timers."""
    with tempfile.TemporaryDirectory() as folder:
        path = (data or Path(folder)) / f"{persons}.db"
        if not path.exists():
            click.echo(f"filling {path.name}", err=True)
            filled(path, persons, asyncio.run(lived_through()))
            gathered(path, persons)
        worker = Worker(path, persons)
        for what, (wall_s, cpu_s, each) in worker.costs.items():
            memory = f"{each:8,.0f} bytes a person, {each - worker.zones:,.0f} without zones"
            click.echo(f"{what:20} {wall_s:8.1f} s  {cpu_s:8.1f} CPU s  {memory}")
        late = asyncio.run(lateness(worker)) if timers else {}
        for which, values in late.items():
            shown = "  ".join(f"{name} {share(values, part):8.1f}" for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0)))
            click.echo(f"{which:20} {len(values):8,} timers, ms late: {shown}")
        result = {"persons": persons, "costs": worker.costs, "zones": worker.zones}
        every = [one for values in late.values() for one in values]
        result["late_ms"] = (
            {name: share(every, part) for name, part in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))} if every else {}
        )
        click.echo(json.dumps(result))
        worker.passed("after the readings")
        click.echo(
            f"afterwards {worker.costs['after the readings'][2] - worker.zones:,.0f} bytes a person without zones", err=True
        )
        worker.database.close()


if __name__ == "__main__":
    main()
