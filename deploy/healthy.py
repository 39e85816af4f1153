#!/opt/alarmcore/bin/python
"""Whether this container's service can take alarms: exit 0 or 1, and why not. For container health checks."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request
from typing import Final

WITHIN_S: Final = 4.0
"""For an answer: a service that needs longer is not well, whatever it says then."""


def main() -> int:
    """Ask the service, as everybody else does."""
    port = os.environ.get("ALARMCORE_HTTP", "127.0.0.1:8080").rpartition(":")[2]
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=WITHIN_S):
            return 0
    except urllib.error.HTTPError as error:
        print(error.read(1000).decode("utf-8", "replace"))  # noqa: T201 - the container's engine shows it
    except OSError as error:
        print(f"no answer: {error}")  # noqa: T201
    return 1


if __name__ == "__main__":
    sys.exit(main())
