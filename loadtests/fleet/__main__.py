"""Run the fleet: `python -m loadtests.fleet --mqtt HOST:PORT --site FILE --credentials FILE --seed N --speed X`.

`--site` is a site file as JSON (without it: the demo municipality); `--credentials` a JSON object of device id to password
(without it: the service runs open). `--write-site FILE` writes the demo municipality and ends.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import signal
import sys
from pathlib import Path
from typing import Any

from loadtests.fleet.devices import Fleet, drive
from loadtests.fleet.town import town

REPORT_S = 60.0


def main() -> int:
    """Read the options, then let the fleet live until a signal or the end of input."""
    options = _options()
    try:
        site = json.loads(options.site.read_text(encoding="utf-8")) if options.site else town(options.seed)
        credentials = json.loads(options.credentials.read_text(encoding="utf-8")) if options.credentials else None
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"cannot read the site or the credentials: {problem}; give JSON files\n")
        return 2
    if options.write_site:
        options.write_site.write_text(json.dumps(site, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return 0
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(options, site, credentials))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m loadtests.fleet", description="Simulated devices that speak to the front door."
    )
    parser.add_argument("--mqtt", default="127.0.0.1:1883", help="the broker, HOST:PORT or a URL")
    parser.add_argument("--site", type=Path, help="site file as JSON")
    parser.add_argument("--credentials", type=Path, help="JSON object: device id to password")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--speed", type=float, default=1.0, help="how many times faster than life")
    parser.add_argument("--write-site", type=Path, help="write the demo municipality as a site file and end")
    options = parser.parse_args()
    if options.speed <= 0.0:
        parser.error("--speed must be above 0")
    return options


async def _run(options: argparse.Namespace, site: dict[str, Any], credentials: dict[str, str] | None) -> None:
    stop, fleet = asyncio.Event(), Fleet()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    url = options.mqtt if "://" in options.mqtt else f"mqtt://{options.mqtt}"
    report = asyncio.create_task(_report(fleet))
    try:
        await drive(url, site, credentials, seed=options.seed, speed=options.speed, stop=stop, fleet=fleet)
    finally:
        report.cancel()
        _say(fleet)


async def _report(fleet: Fleet) -> None:
    while True:
        await asyncio.sleep(REPORT_S)
        _say(fleet)


def _say(fleet: Fleet) -> None:
    why = f" {fleet.reasons}" if fleet.reasons else ""
    trouble = f" last trouble: {fleet.trouble}" if fleet.trouble else ""
    counts = f"said {fleet.said} kept {fleet.kept} rejected {fleet.rejected}{why} connects {fleet.connects}"
    sys.stderr.write(f"fleet: {counts}{trouble}\n")


if __name__ == "__main__":
    sys.exit(main())
