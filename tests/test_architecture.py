"""What tools guard: directions of import, sizes, words, docstrings. A rule that nobody checks is a wish."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from alarmcore.model.reasons import CHAIN, ENDINGS, FINDINGS, OUTCOMES, QUALIFIERS, REJECTIONS, VOCABULARY
from alarmcore.rules import RULES

ROOT: Final = Path(__file__).parents[1]
PRODUCT: Final = ("alarmcore", "geofence", "dispatch", "dashboard", "loadtests")

FILE_MAX: Final = 400
"""Lines of one file: beyond it nobody holds it in their head."""

FUNCTION_MAX: Final = 60
"""Lines of one function: a screen."""

LONG_FILES: Final[dict[str, str]] = {
    "tests/alarmcore/test_mqtt_listener.py": "one listener, one file of promises; to be parted by topic",
    "tests/alarmcore/test_mqtt_listener_connection.py": "every rule of the protocol's connection; to be parted by packet",
    "tests/dashboard/test_answer_page.py": "every state of the page and every language; to be parted by state",
}
"""Files above the limit, each with its reason. This list only shrinks."""

LONG_FUNCTIONS: Final[dict[str, str]] = {}
"""Functions above the limit, each with its reason. This list only shrinks."""


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def length(path: Path) -> int:
    return len(path.read_text().splitlines())


def functions(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{name(path)}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_file_is_longer_than_anybody_can_hold_in_their_head() -> None:
    long = {name(path) for path in sources(*PRODUCT, "tests") if length(path) > FILE_MAX}
    assert long - LONG_FILES.keys() == set(), f"above {FILE_MAX} lines; part them by what they are about"


def test_no_function_is_longer_than_a_screen() -> None:
    long = {place for path in sources(*PRODUCT, "tests") for place, lines in functions(path) if lines > FUNCTION_MAX}
    assert long - LONG_FUNCTIONS.keys() == set(), f"above {FUNCTION_MAX} lines; name a part of it and call that"


def test_exceptions_go_when_they_are_no_longer_needed() -> None:
    assert {path for path in LONG_FILES if not (ROOT / path).exists() or length(ROOT / path) <= FILE_MAX} == set()
    assert set(LONG_FUNCTIONS) <= {
        place for path in sources(*PRODUCT, "tests") for place, n in functions(path) if n > FUNCTION_MAX
    }


def test_every_module_says_in_a_sentence_what_is_in_it() -> None:
    mute = {
        name(path)
        for path in sources(*PRODUCT)
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    }
    assert mute == set()


def test_no_product_code_imports_a_test() -> None:
    guilty = [
        name(path)
        for path in sources(*PRODUCT)
        for node in ast.walk(ast.parse(path.read_text()))
        if (isinstance(node, ast.Import) and any(one.name.split(".")[0] == "tests" for one in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tests")
    ]
    assert guilty == []


def test_no_module_is_a_drawer_for_everything() -> None:
    drawers = {"utils", "helpers", "common", "manager", "misc"}
    assert [name(path) for path in sources(*PRODUCT, "tests") if path.stem in drawers] == []


def test_imports_go_in_one_direction() -> None:
    setup: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert {contract["type"] for contract in setup["contracts"]} >= {"layers", "forbidden"}
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout


# -- the closed vocabulary ------------------------------------------------------------------------------------------------

DECIDING: Final = (
    "alarmcore/watch.py",
    "alarmcore/lifecycle.py",
    "dispatch/chain.py",
    "alarmcore/intake.py",
    "dashboard/replay.py",
)


def test_every_word_a_rule_says_is_in_the_vocabulary() -> None:
    assert {getattr(rule, "why", None) for rule in RULES.values()} <= FINDINGS
    assert {rule.ended for rule in RULES.values() if hasattr(rule, "ended")} <= ENDINGS


def said_why(path: Path) -> Iterator[str]:
    """Texts that a module gives as a `why`: by name, or to a function of a chain or a condition."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        given: list[ast.expr] = [keyword.value for keyword in node.keywords if keyword.arg == "why"]
        if called in {"forward", "go", "ContinueChain", "EndCondition", "ReadingRejected", "reject"}:
            given += node.args
        for value in given:
            yield from (n.value for n in ast.walk(value) if isinstance(n, ast.Constant) and isinstance(n.value, str))


@pytest.mark.parametrize(
    "path", [*DECIDING, "alarmcore/admission.py", "alarmcore/codecs/native.py", "alarmcore/codecs/owntracks.py"]
)
def test_every_word_that_a_machine_gives_as_its_reason_is_in_the_vocabulary(path: str) -> None:
    fields = {"tenant", "device", "kind", "at", "id", "tst", "acc", "_type"}  # which field was wrong
    assert {word for text in said_why(ROOT / path) for word in text.split()} - fields <= VOCABULARY


def test_the_machines_do_say_why() -> None:
    """Guards the test above against finding nothing."""
    said = {text for path in DECIDING for text in said_why(ROOT / path)}
    assert {"device_reset", "follow_up_lapsed", "taker_declined", "asked", "all_declined", "no_answer", "nobody_on_duty"} <= said


def test_every_reason_of_a_chain_and_a_rejection_is_said_somewhere() -> None:
    text = "".join(
        path.read_text() for path in sources("alarmcore", "dispatch", "dashboard") if path.name not in {"reasons.py", "words.py"}
    )
    assert {word for word in CHAIN | REJECTIONS | QUALIFIERS if not re.search(rf'"[^"\n]*\b{word}\b', text)} == set()


def test_no_word_means_two_things() -> None:
    groups = [REJECTIONS - {"unknown_device"}, FINDINGS, ENDINGS, QUALIFIERS, CHAIN, frozenset(OUTCOMES)]
    assert sum(map(len, groups)) == len(VOCABULARY)
