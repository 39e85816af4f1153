"""What our own operators make of code, and that mutmut takes them."""

from __future__ import annotations

import libcst as cst
import pytest
from mutmut.mutation import file_mutation, mutators

from tests.mutation.operators import OPERATORS

CODE = """
async def f(a, b):
    \"\"\"Not to be touched.\"\"\"
    if a:
        log(b)
    await g(b)
    return min(a, b)
"""


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The function's lines in every mutant of our own, those that differ."""
    monkeypatch.setattr(file_mutation, "mutation_operators", list(OPERATORS))
    module, mutations, *_ = file_mutation.create_mutations("f.py", CODE)
    before = set(module.code.splitlines())
    return {
        line.strip()
        for one in mutations
        for line in cst.ensure_type(module.deep_replace(one.original_node, one.mutated_node), cst.Module).code.splitlines()
        if line not in before
    }


def test_a_call_is_left_out_a_condition_forced_and_the_least_taken_for_the_most(made: set[str]) -> None:
    assert made == {"if True:", "if False:", "pass", "return max(a, b)"}


def test_mutmut_has_its_operators_in_one_list_to_which_ours_are_added() -> None:
    """Else `make mutate` would go on without them and nobody would know."""
    assert isinstance(mutators.mutation_operators, list)
    assert vars(file_mutation)["mutation_operators"] is mutators.mutation_operators
