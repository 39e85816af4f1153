"""Bytes that are no site file at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alarmcore.sitefile import document, read_site
from alarmcore.sitefile.document import parse_document, read_document


def refused(path: Path) -> str:
    checked = read_site(path)
    assert checked.site is None
    (mistake,) = checked.mistakes
    return str(mistake)


def test_a_file_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    assert refused(tmp_path / "none.yaml").startswith("error: file: cannot be opened (No such file")
    assert refused(tmp_path).startswith("error: file: cannot be opened")


def test_a_file_that_is_not_utf_8_is_a_mistake(tmp_path: Path) -> None:
    path = tmp_path / "latin.yaml"
    path.write_bytes("name: Grästorp".encode("latin-1"))
    assert refused(path) == "error: file: is not UTF-8 (byte 8); save it as UTF-8"


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "marked.yaml"
    path.write_bytes(b"\xef\xbb\xbfversion: 1\n")
    assert read_document(path).value == {"version": 1}


def test_a_file_that_is_too_large_is_not_read_to_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "SIZE_MAX", 1024 * 1024)
    path = tmp_path / "large.yaml"
    path.write_bytes(b"#" * (1024 * 1024 + 1))
    assert refused(path).startswith("error: file: is larger than 1 MB")


def test_a_json_field_that_stands_twice_is_shown_with_its_path() -> None:
    found = parse_document('{"version": 1,\n "tenant": {"id": "a", "id": "b"}}')
    assert [str(mistake) for mistake in found.mistakes] == [
        "error: tenant.id: this field stands twice in its mapping; keep one (line 2)"
    ]


@pytest.mark.parametrize("text", ['{"a": NaN}', '{"a": Infinity}'])
def test_json_that_python_alone_would_read_is_text_at_most(text: str) -> None:
    assert all(isinstance(value, str) for value in parse_document(text).value.values())


def test_a_broken_json_file_is_refused_with_its_line() -> None:
    found = parse_document('{"version": 1,\n "tenant": {"id" "a"}}')
    assert found.value is None
    assert str(found.mistakes[0]).startswith("error: line 2: is not YAML")


def test_json_nested_beyond_reason_is_refused() -> None:
    found = parse_document("[" * 100_000)
    assert found.value is None
    assert "nested deeper" in str(found.mistakes[0])


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text(st.sampled_from("ab:-[]{}&*!|>'\"#%@,? \n\t0"), max_size=40))
def test_any_text_is_read_or_refused_and_never_raises(text: str) -> None:
    found = parse_document(text)
    assert found.value is None or isinstance(found.value, dict | list | str | int | float)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_checked_and_never_raise(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    assert read_site(path).site is None
