"""The command behind `alarmcore simulate`: worlds from seeds, until one breaks a promise."""

from __future__ import annotations

import sys

from tests.simulation.command import main

if __name__ == "__main__":
    sys.exit(main())
