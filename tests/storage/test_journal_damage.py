"""A sealed journal with any damage is refused; a torn one gives a strict prefix and says where it stopped and why."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.damage import Damaged
from arbitrage_core.storage.journal import JournalReader, JournalWriter
from arbitrage_core.storage.segment import HEADER_BYTES, SegmentHeader, SegmentReader, SegmentWriter, Stream
from tests.storage.journals import FINAL_HASH, bytes_of, contents_of, intents, manifest, rows, write_small

Files = dict[str, bytes]


@pytest.fixture(scope="module")
def written(tmp_path_factory) -> Callable[[str, bool], Files]:
    """The files of a small journal: by its session's name, and whether it is sealed."""

    @cache
    def files(session: str, seal: bool) -> Files:
        path = tmp_path_factory.mktemp("written") / "j"
        write_small(path, session=session, seal=seal)
        return {file.name: file.read_bytes() for file in path.iterdir() if file.name != "writer.lock"}

    return files


def laid_out(path: Path, files: Files) -> Path:
    """A folder holding these files and no others."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    for name, data in files.items():
        (path / name).write_bytes(data)
    return path


def flipped(data: bytes, position: int, bits: int = 0xFF) -> bytes:
    """The data with bits of one byte turned."""
    return data[:position] + bytes([data[position] ^ bits]) + data[position + 1 :]


def renumbered(path: Path, foreign: bool = False) -> None:
    """Segment 1 written anew with sound checksums, but its first frame left out (or with foreign frames)."""
    reader = SegmentReader(path / "000001.seg")
    header, frames = reader.header, list(reader.frames())
    (path / "000001.seg").unlink()
    first = frames[1]
    counts = list(header.counts)
    counts[frames[0].stream] += len(frames[0].records)
    if foreign:
        header = SegmentHeader(header.levels, 1, first.number, tuple(counts), header.manifest_sha256, bytes(32))
    segment = SegmentWriter(path, header)
    for frame in frames[1:]:
        data = memoryview(frame.records.tobytes())
        segment.append(frame.stream, frame.number, frame.first, len(frame.records), data)
    segment.close()


def cut(name: str, by: int) -> Callable[[Path, Files, Files], None]:
    """Takes bytes off a file's end."""
    return lambda path, files, _: (path / name).write_bytes(files[name][:-by])


def put(name: str, of: str) -> Callable[[Path, Files, Files], None]:
    """Puts another journal's file in the place of one."""
    return lambda path, _, other: (path / name).write_bytes(other[of])


def extended(name: str) -> Callable[[Path, Files, Files], None]:
    """Appends a byte to a file."""
    return lambda path, files, _: (path / name).write_bytes(files[name] + b"x")


def exchanged_frames(path: Path, files: Files, other: Files) -> None:
    """A sound frame of another journal, same stream, same numbers, in the place of one."""
    mine, theirs = files["000000.seg"], other["000000.seg"]
    (path / "000000.seg").write_bytes(mine[:HEADER_BYTES] + theirs[HEADER_BYTES:])


def rewritten(path: Path) -> None:
    """The last segment with other prices, sound in all but its SHA-256."""
    reader = SegmentReader(path / "000002.seg")
    header, frames = reader.header, list(reader.frames())
    (path / "000002.seg").unlink()
    segment = SegmentWriter(path, header)
    for frame in frames:
        if frame.stream == Stream.ROWS:
            frame.records["bid_px"] += 1
        data = memoryview(frame.records.tobytes())
        segment.append(frame.stream, frame.number, frame.first, len(frame.records), data)
    segment.close()


def miscounting(**counts: object) -> Callable[..., None]:
    """A seal, sound by itself, that counts otherwise than the segments do."""

    def damage(path: Path, *_: object) -> None:
        seal = JournalReader(path).seal.model_copy(update=counts)
        seal.write(path)

    return damage


DAMAGES: list[tuple[str, str, Callable[[Path, Files, Files], object]]] = [
    ("a segment is missing", "000001.seg", lambda path, *_: (path / "000001.seg").unlink()),
    ("the last segment is missing", "000002.seg", lambda path, *_: (path / "000002.seg").unlink()),
    ("a segment too many", "000003.seg", put("000003.seg", "000001.seg")),
    ("a segment under no number", "notes.seg", put("notes.seg", "000001.seg")),
    ("a segment of another journal", "000001.seg", put("000001.seg", "000001.seg")),
    ("frames of another journal", "000000.seg", exchanged_frames),
    ("a segment stands twice", "000001.seg", lambda path, *_: shutil.copy(path / "000000.seg", path / "000001.seg")),
    ("a segment without its last frame", "000001.seg", cut("000001.seg", 328)),
    ("a segment cut within a frame", "000001.seg", cut("000001.seg", 5)),
    ("an empty segment", "000000.seg", lambda path, *_: (path / "000000.seg").write_bytes(b"")),
    ("bytes appended to a segment", "000001.seg", extended("000001.seg")),
    ("bytes appended to the manifest", "manifest.json", extended("manifest.json")),
    ("bytes appended to the seal", "seal.json", extended("seal.json")),
    ("a gap in the frames", "000001.seg", lambda path, *_: renumbered(path)),
    ("a gap in the frames and a fitting header", "000001.seg", lambda path, *_: renumbered(path, foreign=True)),
    ("a segment written anew", "000002.seg", lambda path, *_: rewritten(path)),
    ("a seal that counts other rows", "seal.json", miscounting(rows=107)),
    ("a seal that counts other intents", "seal.json", miscounting(intents=25)),
    ("a seal that counts other frames", "seal.json", miscounting(frames=23)),
    ("a seal without segments", "000000.seg", miscounting(segments=[])),
    ("the seal of another journal", "manifest.json", put("seal.json", "seal.json")),
    ("the manifest of another journal", "manifest.json", put("manifest.json", "manifest.json")),
    ("a seal cut short", "seal.json", cut("seal.json", 2)),
    ("an empty seal", "seal.json", lambda path, *_: (path / "seal.json").write_bytes(b"")),
    ("a seal that is no document", "seal.json", lambda path, *_: (path / "seal.json").write_bytes(b"[1]")),
    ("the manifest for a seal", "seal.json", lambda path, *_: shutil.copy(path / "manifest.json", path / "seal.json")),
    ("a manifest cut short", "manifest.json", cut("manifest.json", 1)),
    ("no manifest", "", lambda path, *_: (path / "manifest.json").unlink()),
]  # fmt: skip


@pytest.mark.parametrize("at, damage", [case[1:] for case in DAMAGES], ids=[case[0] for case in DAMAGES])
def test_a_damaged_sealed_journal_is_refused_naming_the_file(tmp_path: Path, written, at: str, damage):
    files = written("spring", True)
    path = laid_out(tmp_path / "j", files)
    JournalReader(path).verify()
    damage(path, files, written("autumn", True))
    with pytest.raises(Damaged if at else BadInput) as found:
        JournalReader(path).verify()
    assert not at or found.value.path == path / at


@pytest.mark.parametrize("damage", [cut("000001.seg", 328), extended("000001.seg")], ids=["shorter", "longer"])
def test_a_segment_of_another_size_is_refused_before_anything_is_read(tmp_path: Path, written, damage):
    path = laid_out(tmp_path / "j", written("spring", True))
    damage(path, written("spring", True), {})
    with pytest.raises(Damaged, match="were sealed"):
        JournalReader(path)


READS = {
    "verify": lambda reader: reader.verify(),
    "frames": lambda reader: list(reader.frames()),
    "rows": lambda reader: list(reader.rows()),
    "intents": lambda reader: list(reader.intents()),
}


@pytest.mark.parametrize("name", ["000000.seg", "000002.seg", "manifest.json", "seal.json"])
def test_a_flipped_byte_anywhere_in_a_sealed_journal_is_found(tmp_path: Path, written, name: str):
    data = written("spring", True)[name]
    path = laid_out(tmp_path / "j", written("spring", True))
    for position in [*range(0, len(data), 11), len(data) - 1]:
        (path / name).write_bytes(flipped(data, position))
        with pytest.raises(Damaged):
            JournalReader(path).verify()


@settings(max_examples=300)
@given(data=st.data())
def test_any_flip_or_truncation_of_a_sealed_journal_is_found_by_every_way_of_reading(tmp_path_factory, written, data):
    files = written("spring", True)
    name = data.draw(st.sampled_from(sorted(files)))
    position = data.draw(st.integers(0, len(files[name]) - 1))
    bits = data.draw(st.integers(0, 255), label="bits to flip; 0: truncate there")
    changed = flipped(files[name], position, bits) if bits else files[name][:position]
    path = laid_out(tmp_path_factory.getbasetemp() / "flipped", {**files, name: changed})
    read = READS[data.draw(st.sampled_from(sorted(READS)))]
    with pytest.raises(Damaged):
        read(JournalReader(path))


@settings(max_examples=120)
@given(data=st.data())
def test_any_damage_of_a_torn_journal_leaves_a_strict_prefix_that_can_be_gone_on_with(tmp_path_factory, written, data):
    files = written("spring", False)
    name = data.draw(st.sampled_from(sorted(name for name in files if name.endswith(".seg"))))
    position = data.draw(st.integers(0, len(files[name]) - 1))
    bits = data.draw(st.integers(0, 255), label="bits to flip; 0: truncate there")
    changed = flipped(files[name], position, bits) if bits else files[name][:position]
    base = tmp_path_factory.getbasetemp()
    whole = contents_of(laid_out(base / "whole", files))
    path = laid_out(base / "torn", {**files, name: changed})

    before = contents_of(path)
    assert len(before) < len(whole)
    assert whole[: len(before)] == before
    reader = JournalReader(path)
    contents = reader.verify()
    assert contents.rows + contents.intents == len(before)
    if bits:
        assert contents.stop.path == path / name
        assert contents.stop.offset <= position
    elif contents.stop is not None and not contents.stop.incomplete:  # cut after a whole frame: the next one shows it
        assert contents.stop.path.name > name

    with JournalWriter.reopen(path) as journal:
        assert (journal.rows, journal.intents) == (contents.rows, contents.intents)
        cut_bytes = b"".join(file.read_bytes() for file in journal.set_aside)
        journal.append_rows(rows(30, journal.rows))
        journal.seal(FINAL_HASH, {})
    kept = {segment.name: segment.size_bytes for segment in contents.segments}
    changed_files = {**files, name: changed}
    assert cut_bytes == b"".join(
        changed_files[each][kept.get(each, 0) :] for each in sorted(files) if each.endswith(".seg")
    )
    assert contents_of(path)[: len(before)] == before
    assert JournalReader(path).verify().rows == contents.rows + 30


FORGERIES = [
    ("of another journal", {"manifest_sha256": bytes(32)}, 0, 0, "another journal"),
    ("under a foreign number", {"number": 2}, 0, 0, "foreign name"),
    ("for other levels", {"levels": 2}, 0, 0, "foreign name"),
    ("that begins at another frame", {"frames": 3}, 0, 0, "begins at frame 3"),
    ("that begins at another row", {"counts": (8, 0, 2)}, 0, 0, "begins at"),
    ("that skips a frame", {}, 1, 0, "frame 2 expected, frame 3 found"),
    ("that skips a row", {}, 0, 1, "record 9 of ROWS expected, 10 found"),
]


@pytest.mark.parametrize(
    "header, frames, records, why", [case[1:] for case in FORGERIES], ids=[case[0] for case in FORGERIES]
)
def test_a_segment_with_sound_checksums_is_not_read(tmp_path: Path, header, frames: int, records: int, why: str):
    """Segment 1 of a torn journal is forged: only the law that it breaks can show it."""
    path = tmp_path / "j"
    write_small(path, seal=False, batches=1)
    first = SegmentReader(path / "000000.seg")
    list(first.frames())
    sound = SegmentHeader(1, 1, 2, (9, 0, 2), first.header.manifest_sha256, bytes(32))
    for changes, skipped, expected in (({}, (0, 0), 3), (header, (frames, records), 2)):
        forged = replace(sound, **changes)
        (tmp_path / "forged").mkdir(exist_ok=True)
        segment = SegmentWriter(tmp_path / "forged", forged)
        data = memoryview(rows(4, levels=forged.levels).tobytes())
        segment.append(Stream.ROWS, forged.frames + skipped[0], forged.counts[0] + skipped[1], 4, data)
        segment.close()
        segment.path.replace(path / "000001.seg")
        reader = JournalReader(path)
        assert len(list(reader.frames())) == expected
    assert reader.stop.path == path / "000001.seg"
    assert why in reader.stop.why


def test_a_torn_journal_without_a_segment_in_its_middle_ends_before_it(tmp_path: Path, written):
    path = laid_out(tmp_path / "j", written("spring", False))
    (path / "000001.seg").unlink()
    reader = JournalReader(path)
    in_first = list(SegmentReader(path / "000000.seg").frames())
    assert len(list(reader.frames())) == len(in_first)
    assert reader.stop.path == path / "000001.seg"


def test_a_torn_journal_ends_before_a_segment_that_does_not_follow(tmp_path: Path, written):
    """The segment before it was exchanged for a sound one of the same counts: only the chain shows that."""
    path = laid_out(tmp_path / "j", written("spring", False))
    reader = SegmentReader(path / "000000.seg")
    header, frames = reader.header, list(reader.frames())
    (path / "000000.seg").unlink()
    segment = SegmentWriter(path, header)
    for frame in frames:
        records = frame.records.copy()
        if frame.stream == Stream.ROWS:
            records["bid_px"] += 1
        segment.append(frame.stream, frame.number, frame.first, len(records), memoryview(records.tobytes()))
    segment.close()
    assert JournalReader(path).verify().stop.path == path / "000001.seg"


@pytest.mark.parametrize("name", ["manifest.json"])
def test_a_torn_journal_with_a_damaged_manifest_is_refused(tmp_path: Path, written, name: str):
    files = written("spring", False)
    path = laid_out(tmp_path / "j", {**files, name: flipped(files[name], 40)})
    with pytest.raises(Damaged):
        JournalReader(path)
    with pytest.raises(Damaged):
        JournalWriter.reopen(path)


def test_a_crash_between_the_manifest_and_the_first_segment_leaves_an_empty_journal(tmp_path: Path):
    (tmp_path / "j").mkdir()
    manifest().write(tmp_path / "j")
    assert contents_of(tmp_path / "j") == []
    with JournalWriter.reopen(tmp_path / "j") as journal:
        journal.append_rows(rows(2))
        journal.append_intents(intents(1))
        journal.seal(FINAL_HASH, {})
    assert bytes_of(JournalReader(tmp_path / "j").rows()) == rows(2).tobytes()


def test_a_frame_too_large_to_hold_is_not_read(tmp_path: Path, monkeypatch):
    from arbitrage_core.storage import journal as module

    monkeypatch.setattr(module, "FRAME_BYTES_MAX", 2 << 20)
    with JournalWriter.create(tmp_path / "j", manifest()) as journal:
        journal.append_rows(rows(20_000))
        journal.seal(FINAL_HASH, {})
    with pytest.raises(Damaged, match="larger than a frame"):
        JournalReader(tmp_path / "j").verify()


def test_reopening_twice_at_the_same_place_keeps_both_cuts(tmp_path: Path, written):
    path = laid_out(tmp_path / "j", written("spring", False))
    for tail in (b"FRM\x1afirst", b"FRM\x1asecond"):
        with sorted(path.glob("*.seg"))[-1].open("ab") as file:
            file.write(tail)
        journal = JournalWriter.reopen(path)
        assert [file.read_bytes() for file in journal.set_aside] == [tail]
        journal.close()
        (path / sorted(path.glob("*.seg"))[-1].name).unlink()  # crashed before the new segment was begun
    assert sorted(file.name for file in path.glob("*.torn*")) == ["000002.seg.torn", "000002.seg.torn1"]
