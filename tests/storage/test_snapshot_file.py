"""A snapshot comes back bit for bit, or the one before it does, or it is refused: never a part of one."""

import hashlib
import json
import struct
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.record import record
from arbitrage_core.domain.row import row_dtype
from arbitrage_core.engine.state import Shape, state_dtype
from arbitrage_core.storage import disk, snapshot_file
from arbitrage_core.storage.damage import Damaged
from arbitrage_core.storage.disk import DiskRefused
from arbitrage_core.storage.snapshot_file import read_snapshot, write_snapshot

POINT = record(x="f8", y=("i8", (2,)))


def points(number: int) -> np.ndarray:
    """A few records that say a number."""
    made = np.zeros(3, POINT)
    made["x"], made["y"][:, 1] = number, number
    return made


def noise(dtype: np.dtype) -> np.ndarray:
    """One record of arbitrary bytes."""
    return np.frombuffer(np.random.default_rng(7).bytes(dtype.itemsize), dtype)


PARTS = {
    "a state": {"state": noise(state_dtype(Shape(4, 4, 10, 16)))},
    "rows, whose fields share bytes": {"rows": noise(row_dtype(10))},
    "several, one empty": {"points": points(3), "none": points(1)[:0], "flags": np.array([[True], [False]])},
    "a single number": {"n": np.array(7, "i2")},
    "a strided view": {"odd": np.arange(20, dtype="f4")[::3]},
    "nothing": {},
}


@pytest.mark.parametrize("name", PARTS)
def test_a_snapshot_comes_back_bit_for_bit(tmp_path: Path, name: str):
    header = {"schema_version": 1, "position": {"rows": 12}, "note": "é"}
    assert write_snapshot(tmp_path / "snapshot", header, PARTS[name]) == 1
    found = read_snapshot(tmp_path / "snapshot", {part: array.dtype for part, array in PARTS[name].items()})
    assert (found.generation, found.header, found.refused) == (1, header, ())
    assert found.parts.keys() == PARTS[name].keys()
    for part, array in PARTS[name].items():
        assert found.parts[part].tobytes() == array.tobytes()
        assert found.parts[part].dtype == array.dtype
        assert found.parts[part].shape == array.shape
        assert found.parts[part].flags.writeable


def test_records_that_come_back_answer_to_their_names(tmp_path: Path):
    write_snapshot(tmp_path / "snapshot", {}, {"points": points(5)})
    found = read_snapshot(tmp_path / "snapshot").parts["points"]
    assert found[1].x == 5.0
    assert found[1].y.tolist() == [0, 5]


def test_two_generations_are_kept_and_the_newest_is_read(tmp_path: Path):
    for number in range(1, 6):
        assert write_snapshot(tmp_path / "snapshot", {"n": number}, {"points": points(number)}) == number
        assert read_snapshot(tmp_path / "snapshot").header == {"n": number}
    kept = sorted(file.name for file in tmp_path.iterdir())
    assert kept == ["snapshot.0", "snapshot.1"]
    generations = {snapshot_file.read_snapshot_file(tmp_path / name).generation for name in kept}
    assert generations == {4, 5}


def flip(position: int) -> Callable[[bytes], bytes]:
    """Turns a byte, counted from the front or, if negative, from the end."""

    def damage(data: bytes) -> bytes:
        changed = bytearray(data)
        changed[position] ^= 0x10
        return bytes(changed)

    return damage


DAMAGES = {
    "empty": lambda data: b"",
    "cut in its first bytes": lambda data: data[:20],
    "cut by one byte": lambda data: data[:-1],
    "a byte appended": lambda data: data + b"\0",
    "not a snapshot": lambda data: b"x" * len(data),
    "zeros": lambda data: bytes(len(data)),
    "magic": flip(0),
    "generation": flip(16),
    "length": flip(24),
    "checksum of the first bytes": flip(33),
    "description": flip(50),
    "a part": flip(-40),
    "checksum of all": flip(-1),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_snapshot_is_refused_and_the_generation_before_it_is_read(tmp_path: Path, name: str):
    write_snapshot(tmp_path / "snapshot", {"n": 1}, {"points": points(1)})
    damage_newest(tmp_path, DAMAGES[name])
    with pytest.raises(Damaged):
        read_snapshot(tmp_path / "snapshot")
    write_snapshot(tmp_path / "snapshot", {"n": 2}, {"points": points(2)})
    write_snapshot(tmp_path / "snapshot", {"n": 3}, {"points": points(3)})
    newest = damage_newest(tmp_path, DAMAGES[name])
    found = read_snapshot(tmp_path / "snapshot")
    assert found.header == {"n": 2}
    assert found.parts["points"].tobytes() == points(2).tobytes()
    assert len(found.refused) == 1
    assert str(newest) in found.refused[0]
    write_snapshot(tmp_path / "snapshot", {"n": 4}, {"points": points(4)})
    assert read_snapshot(tmp_path / "snapshot").header == {"n": 4}


def damage_newest(folder: Path, damage: Callable[[bytes], bytes]) -> Path:
    """Damages the newest generation in a folder and names it."""
    newest = max(folder.iterdir(), key=lambda file: file.read_bytes()[16:24])
    newest.write_bytes(damage(newest.read_bytes()))
    return newest


@settings(max_examples=200)
@given(data=st.data())
def test_any_flip_or_truncation_is_found(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "flips"
    path.mkdir(exist_ok=True)
    for file in path.iterdir():
        file.unlink()
    write_snapshot(path / "snapshot", {"position": 3}, {"points": points(1)})
    whole = (path / "snapshot.0").read_bytes()
    position = data.draw(st.integers(0, len(whole) - 1))
    bits = data.draw(st.integers(0, 255), label="bits to flip; 0: truncate there")
    changed = whole[:position] + (bytes([whole[position] ^ bits]) + whole[position + 1 :] if bits else b"")
    (path / "snapshot.0").write_bytes(changed)
    with pytest.raises(Damaged):
        read_snapshot(path / "snapshot")


def forged(description: object, payload: bytes = bytes(16)) -> bytes:
    """A snapshot whose checksums are right, whatever its description says."""
    text = json.dumps(description).encode()
    total = 36 + len(text) + len(payload) + 32
    preamble = struct.pack("<8sIIQQ", b"\x89SNP\r\n\x1a\n", 1, len(text), 1, total)
    body = preamble + struct.pack("<I", crc32(preamble)) + text + payload
    return body + hashlib.sha256(body).digest()


FORGERIES = [
    ("no description", []),
    ("no header", {"parts": []}),
    ("bytes no part describes", {"header": {}, "parts": []}),
    ("parts larger than the file", {"header": {}, "parts": [{"name": "a", "layout": "<i8", "shape": [3]}]}),
    ("a negative shape", {"header": {}, "parts": [{"name": "a", "layout": "<i8", "shape": [-2]}]}),
    ("a shape past all memory", {"header": {}, "parts": [{"name": "a", "layout": "<i8", "shape": [2**62, 4]}]}),
    ("objects", {"header": {}, "parts": [{"name": "a", "layout": "|O", "shape": [2]}]}),
    ("a part without a name", {"header": {}, "parts": [{"layout": "<i8", "shape": [2]}]}),
]


@pytest.mark.parametrize("description", [case[1] for case in FORGERIES], ids=[case[0] for case in FORGERIES])
def test_a_description_that_cannot_be_is_refused(tmp_path: Path, description: object):
    (tmp_path / "snapshot.0").write_bytes(
        forged({"header": {}, "parts": [{"name": "a", "layout": "<i8", "shape": [2]}]})
    )
    read_snapshot(tmp_path / "snapshot")
    (tmp_path / "snapshot.0").write_bytes(forged(description))
    with pytest.raises(Damaged):
        read_snapshot(tmp_path / "snapshot")


def test_a_snapshot_of_other_records_is_refused_and_not_passed_over(tmp_path: Path):
    write_snapshot(tmp_path / "snapshot", {}, {"points": points(1)})
    write_snapshot(tmp_path / "snapshot", {}, {"points": np.zeros(3, record(x="f8"))})
    with pytest.raises(BadInput, match="laid out otherwise"):
        read_snapshot(tmp_path / "snapshot", {"points": POINT})
    with pytest.raises(BadInput, match="has the parts"):
        read_snapshot(tmp_path / "snapshot", {"state": POINT})


def test_where_there_is_no_snapshot_that_is_said(tmp_path: Path):
    with pytest.raises(BadInput, match="there is no snapshot"):
        read_snapshot(tmp_path / "snapshot")


@pytest.mark.parametrize("slot", [0, 1])
def test_a_crash_while_writing_leaves_what_was_there(tmp_path: Path, monkeypatch, slot: int):
    def crashed(path: Path, *_: object) -> None:
        path.with_name(f"{path.name}.unfinished").write_bytes(b"half of it")
        raise KeyboardInterrupt

    for number in range(slot + 1):
        write_snapshot(tmp_path / "snapshot", {"n": number}, {"points": points(number)})
    with monkeypatch.context() as patch:
        patch.setattr(snapshot_file, "write_whole", crashed)
        with pytest.raises(KeyboardInterrupt):
            write_snapshot(tmp_path / "snapshot", {"n": 9}, {"points": points(9)})
    assert read_snapshot(tmp_path / "snapshot").header == {"n": slot}


def test_a_full_disk_leaves_what_was_there_and_no_rest(tmp_path: Path, monkeypatch):
    def full(file: object, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    write_snapshot(tmp_path / "snapshot", {"n": 1}, {"points": points(1)})
    with monkeypatch.context() as patch:
        patch.setattr(disk, "write_all", full)
        with pytest.raises(DiskRefused, match="no space left"):
            write_snapshot(tmp_path / "snapshot", {"n": 2}, {"points": points(2)})
    assert [file.name for file in tmp_path.iterdir()] == ["snapshot.0"]
    assert read_snapshot(tmp_path / "snapshot").header == {"n": 1}


NOT_STORED = [
    ("objects", {}, {"a": np.array([{}])}),
    ("text", {}, {"a": np.array(["a"])}),
    ("big-endian numbers", {}, {"a": np.array([1], ">i8")}),
    ("a header that is not a number", {"pnl": float("nan")}, {}),
    ("a header that is infinite", {"pnl": float("inf")}, {}),
    ("a header JSON cannot say", {"pnl": points(1)}, {}),
    ("too many parts", {}, {str(number): points(1) for number in range(65)}),
    ("more bytes than are stored", {}, {"a": np.zeros(1000)}),
]


@pytest.mark.parametrize("header, parts", [case[1:] for case in NOT_STORED], ids=[case[0] for case in NOT_STORED])
def test_what_cannot_be_stored_is_refused_and_leaves_what_was_there(tmp_path, monkeypatch, header, parts):
    monkeypatch.setattr(snapshot_file, "SNAPSHOT_BYTES_MAX", 4000)
    write_snapshot(tmp_path / "snapshot", {"n": 1}, {"points": points(1)})
    with pytest.raises(BadInput):
        write_snapshot(tmp_path / "snapshot", header, parts)
    assert [file.name for file in tmp_path.iterdir()] == ["snapshot.0"]


def test_a_file_larger_than_a_snapshot_can_be_is_not_read_into_memory(tmp_path: Path, monkeypatch):
    write_snapshot(tmp_path / "snapshot", {}, {"points": points(1)})
    monkeypatch.setattr(snapshot_file, "SNAPSHOT_BYTES_MAX", 100)
    with pytest.raises(Damaged, match=r"101 bytes, .* were written"):
        read_snapshot(tmp_path / "snapshot")
