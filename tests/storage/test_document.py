"""A document comes back as it was, or is refused: one spelling, one checksum."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage import document
from arbitrage_core.storage.damage import Damaged
from arbitrage_core.storage.document import read_document, write_document

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=50)
@given(content=st.dictionaries(st.text().filter(lambda key: key != "checksum"), JSON, max_size=5))
def test_a_document_comes_back_as_it_was(tmp_path_factory, content: dict[str, object]):
    path = tmp_path_factory.getbasetemp() / "any.json"
    write_document(path, content)
    assert read_document(path)[0] == content


def test_every_other_spelling_of_the_same_content_is_damage(tmp_path: Path):
    path = tmp_path / "d.json"
    whole = write_document(path, {"a": [1, 2.5], "b": {"é": None}})
    for position in range(len(whole)):
        for changed in (whole[:position], whole[:position] + b" " + whole[position:], whole[:position] + b"\t"):
            path.write_bytes(changed)
            with pytest.raises(Damaged):
                read_document(path)


@pytest.mark.parametrize("data", [b"", b"null", b"{}", b"[]", b'{"checksum": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_document_is_refused(tmp_path: Path, data: bytes):
    (tmp_path / "d.json").write_bytes(data)
    with pytest.raises(Damaged):
        read_document(tmp_path / "d.json")


def test_an_infinite_number_is_spelled_out(tmp_path: Path):
    write_document(tmp_path / "d.json", {"limits": [float("inf"), float("-inf")]})
    assert read_document(tmp_path / "d.json")[0] == {"limits": ["Infinity", "-Infinity"]}


@pytest.mark.parametrize(
    "content, where",
    [
        ({"a": {"b": [0.0, float("nan")]}}, r"a\.b\[1\] is not a number"),
        ({"a": {1: 2}}, "the key 1 is not text"),
        ({"a": {2, 3}}, "a is a set"),
        ({"a": b"x"}, "a is a bytes"),
    ],
)
def test_what_json_cannot_say_is_named_and_nothing_is_written(tmp_path: Path, content: dict, where: str):
    with pytest.raises(BadInput, match=where):
        write_document(tmp_path / "d.json", content)
    assert not list(tmp_path.iterdir())


def test_a_document_has_a_largest_size_both_ways(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(document, "DOCUMENT_BYTES_MAX", 200)
    write_document(tmp_path / "d.json", {"a": "x" * 90})
    with pytest.raises(BadInput, match="more than the 200"):
        write_document(tmp_path / "e.json", {"a": "x" * 200})
    monkeypatch.setattr(document, "DOCUMENT_BYTES_MAX", 100)
    with pytest.raises(Damaged, match="larger than the 100"):
        read_document(tmp_path / "d.json")
