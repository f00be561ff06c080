"""The segment: one file of a journal, a header and then frames, only ever appended to.

All little endian. A header (struct `_HEADER`) names the format, the levels of the rows, the segment's number, how many
frames, rows, reports and intents came before it, the SHA-256 of the journal's manifest and that of the whole segment
before (zeros for the first: so the segments are a chain), and its own CRC-32.

A frame is a header (struct `_FRAME`) and a payload: records of one stream, as their dtypes say. Its header holds the
payload's CRC-32 and its own, begun at that of the segment's header: a frame of another journal or segment does not
fit, though its bytes be sound. Frames count through the journal, records through their stream, so a gap shows. CRC-32
finds every change within 32 neighbouring bits and misses one other in 4 × 10⁹; the segment's SHA-256, in the seal and
in the next segment, misses none.
"""

import hashlib
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from io import FileIO
from pathlib import Path
from zlib import crc32

import numpy as np

from arbitrage_core.domain.row import row_dtype
from arbitrage_core.engine.output import ORDER_OUT
from arbitrage_core.storage.damage import Damaged
from arbitrage_core.storage.disk import sync_file, sync_folder, write_all

SEGMENT_VERSION = 1
FRAME_BYTES_MAX = 1 << 20
"""Of a frame's payload: what a reader must be able to hold."""
SEGMENTS_MAX = 1_000_000
NO_SEGMENT = bytes(32)
"""Stands for the SHA-256 of the segment before the first."""

_MAGIC = b"\x89JNL\r\n\x1a\n"  # no text file begins so, and a transfer as text would change it
_HEADER = struct.Struct("<8sHHI4Q32s32s")
_FRAME_MAGIC = b"FRM\x1a"
_FRAME = struct.Struct("<4sHHIIQQI")
_CRC = struct.Struct("<I")
HEADER_BYTES = _HEADER.size + _CRC.size
FRAME_HEADER_BYTES = _FRAME.size + _CRC.size
_POSITION_BYTES = 8
_SMALL_BYTES = 1 << 16  # up to here copying header and payload into one write is cheaper than writing twice
_READ_BYTES = 1 << 18


class Stream(IntEnum):
    """What a frame's records are."""

    ROWS = 0
    """Rows handed to the engine, REPORT rows in their places (the journal's source is inline)."""
    REPORTS = 1
    """Rows of kind REPORT, each with how many rows of the cited source had been applied when it was delivered."""
    INTENTS = 2
    """Orders, cancels and queries as sent: `ORDER_OUT`."""


_STREAMS = tuple(Stream)
STREAMS = len(_STREAMS)


@dataclass(frozen=True)
class Frame:
    """A batch of records of one stream; `first` counts them from the journal's beginning.

    `records` is `row_dtype[n]` or, of intents, `ORDER_OUT[n]`; `positions` is int64[n] for reports, else None.
    """

    stream: Stream
    number: int
    first: int
    records: np.ndarray
    positions: np.ndarray | None = None


@dataclass(frozen=True)
class SegmentHeader:
    """What a segment begins with: `frames` and `counts` (records by stream) are those of all segments before it."""

    levels: int
    number: int
    frames: int
    counts: tuple[int, ...]
    manifest_sha256: bytes
    previous_sha256: bytes

    @property
    def checksum(self) -> int:
        """CRC-32 of the header. (That of its bytes, checksum included, would be the same for all headers.)"""
        return crc32(self._body())

    def packed(self) -> bytes:
        """The header's bytes, its checksum last."""
        return self._body() + _CRC.pack(self.checksum)

    def _body(self) -> bytes:
        return _HEADER.pack(
            _MAGIC,
            SEGMENT_VERSION,
            self.levels,
            self.number,
            self.frames,
            *self.counts,
            self.manifest_sha256,
            self.previous_sha256,
        )

    @classmethod
    def read(cls, path: Path, data: bytes) -> "SegmentHeader":
        """The header in the first bytes of a segment. Raises Damaged."""
        if len(data) < HEADER_BYTES:
            raise Damaged(path, "ends within its header", incomplete=True)
        if data[: len(_MAGIC)] != _MAGIC:
            raise Damaged(path, "not a segment of a journal")
        _, version, levels, number, frames, *counts, manifest, previous = _HEADER.unpack_from(data)
        header = cls(levels, number, frames, tuple(counts), manifest, previous)
        if _CRC.unpack_from(data, _HEADER.size)[0] != crc32(data[: _HEADER.size]):
            raise Damaged(path, "its header does not match its checksum")
        if version != SEGMENT_VERSION:
            raise Damaged(path, f"of segment version {version}, this program reads version {SEGMENT_VERSION}")
        return header


def segment_name(number: int) -> str:
    """The file name of a segment."""
    return f"{number:06}.seg"


def record_sizes(levels: int) -> tuple[int, ...]:
    """Bytes a record takes in a frame, by stream."""
    row_bytes = row_dtype(levels).itemsize
    return row_bytes, row_bytes + _POSITION_BYTES, ORDER_OUT.itemsize


class SegmentWriter:
    """The segment being written. Errors of the disk are raised as they come (OSError); after one, write no more."""

    def __init__(self, folder: Path, header: SegmentHeader) -> None:
        """Makes the file, with its header durable. Raises OSError, FileExistsError among them."""
        self.path = folder / segment_name(header.number)
        self.frames = 0
        self.size_bytes = HEADER_BYTES
        packed = header.packed()
        self._seed = header.checksum
        self._sha256 = hashlib.sha256(packed)
        self._file = FileIO(self.path, "x")
        try:
            write_all(self._file, packed)
            self.sync()
            sync_folder(folder)
        except BaseException:  # a signal's exception too
            self._file.close()
            raise

    def append(self, stream: Stream, number: int, first: int, count: int, payload: memoryview) -> None:
        """Appends a frame: `payload` is `count` records, contiguous bytes. Raises OSError."""
        head = _FRAME.pack(_FRAME_MAGIC, stream, 0, count, len(payload), number, first, crc32(payload))
        head += _CRC.pack(crc32(head, self._seed))
        if len(payload) <= _SMALL_BYTES:
            whole = head + payload
            write_all(self._file, whole)
            self._sha256.update(whole)
        else:
            write_all(self._file, head)
            write_all(self._file, payload)
            self._sha256.update(head)
            self._sha256.update(payload)
        self.size_bytes += len(head) + len(payload)
        self.frames += 1

    def sync(self) -> None:
        """Returns when all that was appended is durable. Raises OSError."""
        sync_file(self._file.fileno())

    def sha256(self) -> bytes:
        """SHA-256 of all that was written so far."""
        return self._sha256.digest()

    def close(self) -> None:
        """Lets go of the file; again is harmless. Raises OSError."""
        self._file.close()


class SegmentReader:
    """A segment read from its start in bounded memory, checked as it is read.

    After `frames` ended or raised, `sound_bytes` and `sound_frames` say how far it is sound, and `sha256` is that of
    the sound part (if `digests`, at about twice the cost).
    """

    def __init__(self, path: Path, *, digests: bool = False) -> None:
        """Opens a segment and reads its header. Raises Damaged, FileNotFoundError and other OSErrors."""
        self.path = path
        self.sound_bytes = self.sound_frames = 0
        self._digests = digests
        self._file = path.open("rb", buffering=_READ_BYTES)
        try:
            packed = self._file.read(HEADER_BYTES)
            self.header = SegmentHeader.read(path, packed)
        except BaseException:
            self._file.close()
            raise
        self.sound_bytes = HEADER_BYTES
        self._seed = self.header.checksum
        self._sha256 = hashlib.sha256(packed)
        self._rows, self._sizes = row_dtype(self.header.levels), record_sizes(self.header.levels)

    def frames(self) -> Iterator[Frame]:
        """The frames in order, each array the caller's to keep. Raises Damaged at the first that is not sound."""
        with self._file:
            number, counts = self.header.frames, list(self.header.counts)
            while head := self._file.read(FRAME_HEADER_BYTES):
                stream, count, payload_bytes, first, checksum = self._checked(head, number)
                if first != counts[stream]:
                    raise self._damaged(f"record {counts[stream]:,} of {stream.name} expected, {first:,} found")
                payload = self._read(payload_bytes)
                if len(payload) < payload_bytes:
                    raise self._damaged("ends within a frame", incomplete=True)
                if crc32(payload) != checksum:
                    raise self._damaged(f"frame {number:,} does not match its checksum")
                if self._digests:
                    self._sha256.update(head)
                    self._sha256.update(payload)
                self.sound_bytes += len(head) + payload_bytes
                self.sound_frames += 1
                yield self._frame(stream, number, first, count, payload)
                number += 1
                counts[stream] += count

    def sha256(self) -> bytes:
        """SHA-256 of the sound part as far as it was read."""
        return self._sha256.digest()

    def close(self) -> None:
        """Lets go of the file; again is harmless."""
        self._file.close()

    def _checked(self, head: bytes, number: int) -> tuple[Stream, int, int, int, int]:
        """Stream, records, payload bytes, first record and payload checksum of a frame's sound header."""
        if len(head) < FRAME_HEADER_BYTES:
            raise self._damaged("ends within a frame", incomplete=True)
        magic, stream, _, count, payload_bytes, found, first, checksum = _FRAME.unpack_from(head)
        if magic != _FRAME_MAGIC:
            raise self._damaged(f"no frame where frame {number:,} should be")
        if _CRC.unpack_from(head, _FRAME.size)[0] != crc32(head[: _FRAME.size], self._seed):
            raise self._damaged(f"the header of frame {number:,} does not match its checksum")
        if found != number:
            raise self._damaged(f"frame {number:,} expected, frame {found:,} found")
        if stream >= STREAMS or payload_bytes != count * self._sizes[stream]:
            raise self._damaged(f"frame {number:,} is of no stream known")
        if not 0 < payload_bytes <= FRAME_BYTES_MAX:
            raise self._damaged(f"frame {number:,} of {payload_bytes:,} bytes is larger than a frame can be")
        return _STREAMS[stream], count, payload_bytes, first, checksum

    def _frame(self, stream: Stream, number: int, first: int, count: int, payload: np.ndarray) -> Frame:
        if stream == Stream.INTENTS:
            return Frame(stream, number, first, payload.view(ORDER_OUT))
        if stream == Stream.ROWS:
            return Frame(stream, number, first, payload.view(self._rows))
        behind = count * _POSITION_BYTES
        return Frame(stream, number, first, payload[behind:].view(self._rows), payload[:behind].view("<i8"))

    def _read(self, wanted: int) -> np.ndarray:
        """uint8[≤ wanted]: fewer only at the end of the file."""
        data = np.empty(wanted, np.uint8)
        got = 0
        while got < wanted:
            more = self._file.readinto(data[got:])
            if not more:
                break
            got += more
        return data[:got]

    def _damaged(self, why: str, *, incomplete: bool = False) -> Damaged:
        return Damaged(self.path, why, offset=self.sound_bytes, incomplete=incomplete)


def segment_names(folder: Path) -> list[str]:
    """The names of all segment files in a folder, ascending. Raises OSError."""
    return sorted(entry.name for entry in os.scandir(folder) if entry.name.endswith(".seg"))
