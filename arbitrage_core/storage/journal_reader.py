"""The journal, read: each frame checked before it is given, in bounded memory.

A sealed journal is as it was written or it is refused (`Damaged`), at the latest when the damage is reached; `verify`
finds it beforehand. One without a seal ended in a crash, or is still being written: it gives every frame up to the
first that is not sound, and `stop` says where that was and why. What cannot be seen: that a seal was removed, and, of
a journal without one, that whole frames are missing at its end.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.damage import Damaged
from arbitrage_core.storage.manifest import MANIFEST_NAME, Manifest
from arbitrage_core.storage.seal import SEAL_NAME, Seal, SegmentRecord
from arbitrage_core.storage.segment import (
    HEADER_BYTES,
    NO_SEGMENT,
    STREAMS,
    Frame,
    SegmentHeader,
    SegmentReader,
    Stream,
    segment_name,
    segment_names,
)

ROWS_BYTES = 1 << 18
"""What `JournalReader.rows` gathers of small frames before it hands them over."""


@dataclass(frozen=True)
class Contents:
    """What a journal holds as far as it is sound; `stop` is where that ends, None at the end of a whole frame.

    `last_position` is that of the last report, in rows of the cited source.
    """

    rows: int = 0
    reports: int = 0
    intents: int = 0
    frames: int = 0
    last_position: int = 0
    segments: tuple[SegmentRecord, ...] = ()
    stop: Damaged | None = None

    @property
    def size_bytes(self) -> int:
        """Of all sound frames and the headers of their segments."""
        return sum(segment.size_bytes for segment in self.segments)


class JournalReader:
    """A journal to read. Iterate as often as wanted; each iteration reads the files anew.

    Iterating checks each frame's checksums and that nothing is missing between frames and segments, which shows every
    accident; `verify` also compares the SHA-256 of whole segments, which shows intent.
    """

    def __init__(self, path: Path | str) -> None:
        """Opens the journal in a folder. Raises BadInput when there is none or its records are of another layout, and
        Damaged when its manifest is, or when it is sealed and its seal, files or their sizes are not as sealed."""
        self.path = Path(path)
        self.manifest, self.manifest_sha256 = Manifest.read(self.path)
        self.manifest.check_records()
        self.seal = Seal.read(self.path)
        self.stop: Damaged | None = None
        """Of the last iteration over a journal without seal: where its sound part ends, if not after a whole frame."""
        if self.seal is not None:
            self._files_must_be_as_sealed(self.seal)

    @property
    def sealed(self) -> bool:
        """Whether the session ended, complete or broken; False is a torn journal."""
        return self.seal is not None

    @property
    def final_hash(self) -> str | None:
        """The hash of the session's last state; None unless it reached its end."""
        return self.seal.final_state_hash if self.seal is not None and self.seal.status == "complete" else None

    def verify(self) -> Contents:
        """Reads the whole journal, checks every byte, checksum, count and link. Raises Damaged if it is sealed."""
        walk = _Walk(self, 0, digests=True)
        for _ in walk:
            pass
        return walk.contents()

    def frames(self, *, first_row: int = 0) -> Iterator[Frame]:
        """All frames in the order written, from the segment on that holds row `first_row`. Raises Damaged."""
        self.stop = None
        walk = _Walk(self, self._segment_of(first_row) if first_row else 0)
        yield from walk
        self.stop = walk.stop

    def rows(self, *, first: int = 0) -> Iterator[np.ndarray]:
        """The rows from number `first` on, as `row_dtype(levels)[n]`, n ≥ 1, at most about a frame. Raises Damaged."""
        gathered: list[np.ndarray] = []
        gathered_bytes = 0
        for frame in self.frames(first_row=first):
            if frame.stream != Stream.ROWS or frame.first + len(frame.records) <= first:
                continue
            gathered.append(frame.records[max(0, first - frame.first) :])
            gathered_bytes += gathered[-1].nbytes
            if gathered_bytes >= ROWS_BYTES:
                yield _joined(gathered)
                gathered, gathered_bytes = [], 0
        if gathered:
            yield _joined(gathered)

    def reports(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """(positions int64[n], REPORT rows `row_dtype(levels)[n]`), in order. Raises Damaged."""
        for frame in self.frames():
            if frame.stream == Stream.REPORTS:
                yield frame.positions, frame.records

    def intents(self) -> Iterator[np.ndarray]:
        """Orders, cancels and queries as sent, `ORDER_OUT[n]`, in order, as they were appended. Raises Damaged."""
        for frame in self.frames():
            if frame.stream == Stream.INTENTS:
                yield frame.records

    def _files_must_be_as_sealed(self, seal: Seal) -> None:
        if seal.manifest_sha256 != self.manifest_sha256.hex():
            raise Damaged(self.path / MANIFEST_NAME, "not the manifest this journal was sealed with")
        sealed = [segment.name for segment in seal.segments]
        if sealed != [segment_name(number) for number in range(len(sealed))]:
            raise Damaged(self.path / SEAL_NAME, "its segments are not numbered from 0 on")
        found = segment_names(self.path)
        for name in sorted(set(sealed) ^ set(found)):
            raise Damaged(self.path / name, "is missing" if name in sealed else "is no segment of this journal")
        for segment in seal.segments:
            size_bytes = (self.path / segment.name).stat().st_size
            if size_bytes != segment.size_bytes:
                why = f"has {size_bytes:,} bytes, {segment.size_bytes:,} were sealed"
                raise Damaged(self.path / segment.name, why, incomplete=size_bytes < segment.size_bytes)

    def _segment_of(self, row: int) -> int:
        """The last segment that begins at or before a row, as far as headers are sound."""
        number = 0
        while True:
            path = self.path / segment_name(number + 1)
            try:
                with path.open("rb") as file:
                    header = SegmentHeader.read(path, file.read(HEADER_BYTES))
            except (Damaged, FileNotFoundError):
                return number
            if header.counts[Stream.ROWS] > row:
                return number
            number += 1


class _Walk:
    """One reading of a journal, segment by segment: the checks that reach over a segment."""

    def __init__(self, reader: JournalReader, first_segment: int, *, digests: bool = False) -> None:
        self._reader, self._first_segment, self._digests = reader, first_segment, digests
        self._counts, self._frames, self._last_position = [0] * STREAMS, 0, 0
        self._previous = NO_SEGMENT
        self.segments: list[SegmentRecord] = []
        self.stop: Damaged | None = None

    def __iter__(self) -> Iterator[Frame]:
        try:
            for number in count(self._first_segment):
                if self._is_past_last(number):
                    break
                yield from self._segment(number)
            self._must_be_as_sealed()
        except Damaged as damaged:
            if self._reader.sealed:
                raise
            self.stop = damaged
        except OSError as error:
            raise BadInput(f"the journal in {self._reader.path} cannot be read: {error}") from error

    def contents(self) -> Contents:
        """What was found."""
        return Contents(*self._counts, self._frames, self._last_position, tuple(self.segments), self.stop)

    def _is_past_last(self, number: int) -> bool:
        name = segment_name(number)
        names = segment_names(self._reader.path)
        if name in names:
            return False
        if any(other > name for other in names):
            raise Damaged(self._reader.path / name, "is missing")
        return True

    def _segment(self, number: int) -> Iterator[Frame]:
        segment = SegmentReader(self._reader.path / segment_name(number), digests=self._digests)
        try:
            self._must_follow(segment.path, segment.header, number)
            try:
                for frame in segment.frames():
                    self._counts[frame.stream] += len(frame.records)
                    if frame.positions is not None:
                        self._last_position = int(frame.positions[-1])
                    yield frame
            finally:
                self._frames += segment.sound_frames
                self._previous = segment.sha256()
                self.segments.append(_record_of(segment))
        finally:
            segment.close()
        seal = self._reader.seal
        if self._digests and seal is not None and self.segments[-1] != seal.segments[number]:
            raise Damaged(segment.path, "does not match the SHA-256 it was sealed with")

    def _must_follow(self, path: Path, header: SegmentHeader, number: int) -> None:
        """Raises Damaged unless a header is that of this segment of this journal, after what was read before it."""
        if header.manifest_sha256 != self._reader.manifest_sha256:
            raise Damaged(path, "belongs to another journal")
        if header.number != number or header.levels != self._reader.manifest.levels:
            raise Damaged(path, f"is segment {header.number} for {header.levels} levels under a foreign name")
        if number == self._first_segment and number > 0:
            self._frames, self._counts = header.frames, list(header.counts)
        elif header.frames != self._frames or header.counts != tuple(self._counts):
            raise Damaged(path, f"begins at frame {header.frames:,}, expected is frame {self._frames:,}")
        if self._reader.seal is not None and number > 0:
            linked = bytes.fromhex(self._reader.seal.segments[number - 1].sha256)
        else:
            linked = self._previous if self._digests or number == 0 else header.previous_sha256
        if header.previous_sha256 != linked:
            raise Damaged(path, "does not follow from the segment before it")

    def _must_be_as_sealed(self) -> None:
        seal = self._reader.seal
        if seal is None:
            return
        if [*self._counts, self._frames] != [seal.rows, seal.reports, seal.intents, seal.frames]:
            raise Damaged(self._reader.path / SEAL_NAME, "counts other rows, reports, intents or frames than there are")


def _record_of(segment: SegmentReader) -> SegmentRecord:
    """The sound part of a segment; its SHA-256 is that of the header when digests were not asked for."""
    return SegmentRecord(
        name=segment.path.name,
        size_bytes=segment.sound_bytes,
        frames=segment.sound_frames,
        sha256=segment.sha256().hex(),
    )


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    """Arrays of one record dtype as one: by their bytes, since fields may share some."""
    if len(arrays) == 1:
        return arrays[0]
    return np.concatenate([array.view(np.uint8) for array in arrays]).view(arrays[0].dtype)
