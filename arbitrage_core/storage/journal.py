"""The journal, written: everything that reached the engine and all it asked of venues, in order, so that it replays.

A folder a session: `manifest.json` first, then segments `000000.seg`, … only ever appended to, `seal.json` last. Rows
are handed to the operating system before `append_rows` returns, so they outlive the process; `sync`, and intents that
are `durable`, reach the device, so they outlive the machine. A journal without a seal is torn: readable up to its last
whole frame (`JournalReader`), and `JournalWriter.reopen` goes on behind it.

One thread writes; the folder's lock keeps other writers of this machine out.
"""

from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.engine.output import ORDER_OUT
from arbitrage_core.storage.disk import DiskRefused, could_not_write, make_folder, sync_file, sync_folder, write_whole
from arbitrage_core.storage.journal_reader import Contents, JournalReader
from arbitrage_core.storage.lock import WriterLock
from arbitrage_core.storage.manifest import MANIFEST_NAME, Manifest
from arbitrage_core.storage.seal import SEAL_NAME, Seal, SegmentRecord
from arbitrage_core.storage.segment import (
    FRAME_BYTES_MAX,
    FRAME_HEADER_BYTES,
    HEADER_BYTES,
    NO_SEGMENT,
    SEGMENTS_MAX,
    SegmentHeader,
    SegmentWriter,
    Stream,
    record_sizes,
    segment_names,
)

__all__ = ["JournalReader", "JournalWriter"]

SEGMENT_BYTES = 64 << 20
SEGMENT_BYTES_MIN = 4096
SEGMENT_BYTES_MAX = 1 << 30
REASON_CHARACTERS_MAX = 2000


class JournalWriter:
    """A journal being written: `create` or `reopen` it, append, `seal` it.

    As a context manager it seals the journal as broken when an exception leaves the block, or when the block ends
    without a seal; after a fault of the disk it leaves it torn. Once the disk refused a write, every further one
    raises the same `DiskRefused`.

    `set_aside` names the files into which what was not sound has been put.
    """

    def __init__(self, path: Path, manifest: Manifest, manifest_sha256: bytes, lock: WriterLock, segment_bytes: int):
        """Use `create` or `reopen`."""
        self.path, self.manifest, self.set_aside = path, manifest, ()
        self._manifest_sha256, self._lock, self._segment_bytes = manifest_sha256, lock, segment_bytes
        self._dtypes = {Stream.ROWS: row_dtype(manifest.levels), Stream.INTENTS: ORDER_OUT}
        self._sizes = record_sizes(manifest.levels)
        room = min(FRAME_BYTES_MAX, segment_bytes - HEADER_BYTES - FRAME_HEADER_BYTES)
        self._per_frame = tuple(room // size for size in self._sizes)
        self._fault: DiskRefused | None = None
        self._ended = self._appending = False
        self._segment: SegmentWriter | None = None

    @classmethod
    def create(cls, path: Path | str, manifest: Manifest, *, segment_bytes: int = SEGMENT_BYTES) -> Self:
        """Begins a journal in a folder that has none, making it; `segment_bytes` bounds each segment file.

        Raises BadInput when there is a journal already, DiskRefused when the disk is.
        """
        path = Path(path)
        _segment_bytes_must_fit(segment_bytes)
        manifest.check_records()
        make_folder(path)
        lock = WriterLock(path)
        try:
            if segment_names(path) or any((path / name).exists() for name in (MANIFEST_NAME, SEAL_NAME)):
                raise BadInput(f"{path} already holds a journal", "name the session otherwise, or resume that one")
            writer = cls(path, manifest, manifest.write(path), lock, segment_bytes)
            writer._begin_after(Contents())
            return writer
        except BaseException:
            lock.release()
            raise

    @classmethod
    def reopen(cls, path: Path | str, *, segment_bytes: int = SEGMENT_BYTES) -> Self:
        """Goes on with a torn journal, in a new segment, with the next numbers. Reads it whole, to check it.

        What is not sound (the frame a crash cut, and all behind damage) is moved to files named `….torn`; a crash
        meanwhile leaves nothing worse. Raises BadInput when there is no journal, when it is sealed or being written,
        DiskRefused when the disk is.
        """
        path = Path(path)
        _segment_bytes_must_fit(segment_bytes)
        Manifest.read(path)
        lock = WriterLock(path)
        try:
            reader = JournalReader(path)
            if reader.seal is not None:
                raise BadInput(f"{path} is sealed ({reader.seal.status}): nothing can be added to it")
            writer = cls(path, reader.manifest, reader.manifest_sha256, lock, segment_bytes)
            writer._begin_after_sound(reader)
            return writer
        except BaseException:
            lock.release()
            raise

    @property
    def rows(self) -> int:
        """Rows appended since the journal's beginning: the number of the next one."""
        return self._counts[Stream.ROWS]

    @property
    def reports(self) -> int:
        """Reports appended since the journal's beginning, those among the rows not counted."""
        return self._counts[Stream.REPORTS]

    @property
    def intents(self) -> int:
        """Intents appended since the journal's beginning."""
        return self._counts[Stream.INTENTS]

    def append_rows(self, rows: np.ndarray, *, durable: bool = False) -> int:
        """Appends `row_dtype(levels)[n]` as the engine is about to see them; the number of the first.

        With `durable`, on the device when this returns. Raises ValueError when the journal cites its rows instead or
        they are of another dtype, DiskRefused when the disk is.
        """
        if not self.manifest.is_inline:
            raise ValueError("this journal cites its rows: only reports are appended")
        return self._append(Stream.ROWS, self._bytes_of(Stream.ROWS, rows), durable=durable)

    def append_reports(self, positions: np.ndarray, reports: np.ndarray, *, durable: bool = False) -> int:
        """Appends REPORT rows of venues simulated beside the engine, each with how many of the session's rows had been
        applied before it. (A real venue's reports are among the rows.)

        `positions` int64[n], never decreasing; `reports` `row_dtype(levels)[n]`. Gives the number of the first. Raises
        ValueError when these do not fit, DiskRefused when the disk does not take them.
        """
        data = self._bytes_of(Stream.ROWS, reports)
        if positions.dtype != np.int64 or positions.shape != reports.shape:
            raise ValueError(f"int64[{len(reports)}] positions expected, not {positions.dtype}{positions.shape}")
        if len(reports) == 0:
            return self.reports
        if np.any(reports["kind"] != RowKind.REPORT):
            raise ValueError("a row that is not a REPORT among the reports")
        if positions[0] < self._last_position or np.any(np.diff(positions) < 0):
            raise ValueError("the positions of reports decrease")
        first, step = self.reports, self._per_frame[Stream.REPORTS]
        row_bytes = reports.dtype.itemsize
        for start in range(0, len(reports), step):
            stop = min(start + step, len(reports))
            payload = positions[start:stop].tobytes() + data[start * row_bytes : stop * row_bytes]
            self._append(Stream.REPORTS, memoryview(payload), durable=durable and stop == len(reports))
        self._last_position = int(positions[-1])
        return first

    def append_intents(self, orders: np.ndarray, *, durable: bool = True) -> int:
        """Appends `ORDER_OUT[n]` as about to be sent; the number of the first.

        With `durable` (before anything is sent to a real venue) they are one write and one sync, and this returns when
        they and everything before them are on the device. Raises ValueError when they are of another dtype or more
        than one write can hold, DiskRefused when the disk does not take them.
        """
        if durable and len(orders) > self._per_frame[Stream.INTENTS]:
            raise ValueError(f"{len(orders)} intents are more than one write holds")
        return self._append(Stream.INTENTS, self._bytes_of(Stream.INTENTS, orders), durable=durable)

    def sync(self) -> None:
        """Returns when everything appended is on the device. Raises DiskRefused."""
        segment = self._open_segment()
        try:
            segment.sync()
        except OSError as error:
            raise self._failed(segment.path, error) from error

    def seal(self, final_state_hash: str, summary: dict[str, object]) -> Seal:
        """Ends the journal of a session that reached its end. `summary` is its result, JSON without NaN.

        Raises BadInput when the summary cannot be said in JSON (the journal is then still open), DiskRefused.
        """
        return self._end(status="complete", final_state_hash=final_state_hash, summary=summary)

    def seal_broken(self, reason: str) -> Seal:
        """Ends the journal of a session that failed, saying by what. Raises DiskRefused."""
        return self._end(status="broken", reason=reason[:REASON_CHARACTERS_MAX])

    def close(self) -> None:
        """Leaves the journal without a seal, all of it on the device, to be reopened; again, and after a seal, nothing.

        Raises DiskRefused.
        """
        try:
            if self._segment is not None and self._fault is None and not self._ended:
                self.sync()
        finally:
            if self._segment is not None:
                self._segment.close()
            self._ended = True
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exception: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._ended and self._fault is None:
            reason = "left without a seal" if exception is None else f"{type(exception).__name__}: {exception}"
            try:
                self.seal_broken(reason)
            except DiskRefused as refused:
                if exception is None:
                    raise
                exception.add_note(f"and its journal could not be sealed: {refused}")
            finally:
                self.close()
        self.close()

    def _bytes_of(self, stream: Stream, records: np.ndarray) -> memoryview:
        dtype = self._dtypes[stream]
        if records.dtype is not dtype:
            if records.dtype != dtype:
                raise ValueError(f"{stream.name} of {dtype.itemsize}-byte records expected, not {records.dtype}")
            self._dtypes[stream] = records.dtype  # equal, and next time the same one: comparing fields takes a while
        if records.ndim != 1:
            raise ValueError(f"records in one dimension expected, not {records.ndim}")
        return np.ascontiguousarray(records).view(np.uint8).data

    def _append(self, stream: Stream, data: memoryview, *, durable: bool) -> int:
        """Appends whole records in frames as large as may be; the number of the first."""
        segment = self._open_segment()
        first, each = self._counts[stream], self._sizes[stream]
        frame_bytes = self._per_frame[stream] * each
        self._appending = True
        try:
            for start in range(0, len(data), frame_bytes):
                payload = data[start : start + frame_bytes]
                if segment.size_bytes + FRAME_HEADER_BYTES + len(payload) > self._segment_bytes:
                    segment = self._next_segment()
                records = len(payload) // each
                segment.append(stream, self._frames, self._counts[stream], records, payload)
                self._counts[stream] += records
                self._frames += 1
            if durable:
                segment.sync()
        except OSError as error:
            raise self._failed(segment.path, error) from error
        self._appending = False
        return first

    def _open_segment(self) -> SegmentWriter:
        if self._fault is not None:
            raise self._fault
        if self._ended or self._segment is None:
            raise ValueError(f"the journal in {self.path} is closed")
        if self._appending:  # a signal's exception left an append half done: what the disk holds of it counts
            self._segment.close()
            self._begin_after_sound(JournalReader(self.path))
        return self._segment

    def _begin_after_sound(self, reader: JournalReader) -> None:
        """Begins a segment behind what a journal without seal soundly holds, the rest set aside."""
        before = reader.verify()
        self.set_aside += _set_aside(self.path, before.segments)
        self._begin_after(before)

    def _begin_after(self, before: Contents) -> None:
        self._counts = [before.rows, before.reports, before.intents]
        self._frames, self._last_position = before.frames, before.last_position
        self._closed = list(before.segments)
        self._begin_segment()
        self._appending = False

    def _next_segment(self) -> SegmentWriter:
        """Closes the full segment for good and begins another. Raises OSError, DiskRefused, BadInput (a million)."""
        self._segment.sync()
        self._segment.close()
        self._closed.append(_record_of(self._segment))
        return self._begin_segment()

    def _begin_segment(self) -> SegmentWriter:
        number = len(self._closed)
        if number == SEGMENTS_MAX:
            raise BadInput(f"{self.path} holds {number:,} segments, more a journal cannot have")
        previous = bytes.fromhex(self._closed[-1].sha256) if self._closed else NO_SEGMENT
        header = SegmentHeader(
            self.manifest.levels, number, self._frames, tuple(self._counts), self._manifest_sha256, previous
        )
        try:
            self._segment = SegmentWriter(self.path, header)
        except OSError as error:
            raise self._failed(self.path, error) from error
        return self._segment

    def _failed(self, path: Path, error: OSError) -> DiskRefused:
        """After a failed write or sync nobody knows what the disk holds: no further write is tried."""
        self._fault = could_not_write(path, error)
        return self._fault

    def _end(self, **how: object) -> Seal:
        self.sync()
        segments = [*self._closed, _record_of(self._segment)]
        rows, reports, intents = self._counts
        seal = Seal(
            **how,
            rows=rows,
            reports=reports,
            intents=intents,
            frames=self._frames,
            segments=segments,
            manifest_sha256=self._manifest_sha256.hex(),
        )
        try:
            seal.write(self.path)
        except DiskRefused as refused:
            self._fault = refused
            raise
        self._ended = True
        self.close()
        return seal


def _segment_bytes_must_fit(segment_bytes: int) -> None:
    if not SEGMENT_BYTES_MIN <= segment_bytes <= SEGMENT_BYTES_MAX:
        raise ValueError(f"segments of {SEGMENT_BYTES_MIN:,} to {SEGMENT_BYTES_MAX:,} bytes, not {segment_bytes:,}")


def _record_of(segment: SegmentWriter) -> SegmentRecord:
    return SegmentRecord(
        name=segment.path.name, size_bytes=segment.size_bytes, frames=segment.frames, sha256=segment.sha256().hex()
    )


def _set_aside(folder: Path, sound: tuple[SegmentRecord, ...]) -> tuple[Path, ...]:
    """Moves all of a journal that is not sound to files beside it, and names them. Raises DiskRefused.

    Copies first, then cuts: interrupted, it leaves the same bytes to set aside again.
    """
    aside: list[Path] = []
    try:
        if sound:
            last = folder / sound[-1].name
            with last.open("r+b") as file:
                file.seek(sound[-1].size_bytes)
                if tail := file.read():
                    aside.append(_free_name(last))
                    write_whole(aside[-1], tail)
                    file.truncate(sound[-1].size_bytes)
                    sync_file(file.fileno())
        for name in sorted(set(segment_names(folder)) - {segment.name for segment in sound}):
            aside.append(_free_name(folder / name))
            (folder / name).rename(aside[-1])
        sync_folder(folder)
    except OSError as error:
        raise could_not_write(folder, error) from error
    return tuple(aside)


def _free_name(path: Path) -> Path:
    number = 0
    while (free := path.with_name(f"{path.name}.torn{number or ''}")).exists():
        number += 1
    return free
