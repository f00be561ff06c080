"""The snapshot file: records and what they mean, so that a session goes on where it stood.

Little endian: a preamble (struct `_PREAMBLE`: magic, format, length of the description, generation, length of all, and
a CRC-32 of these), the description as JSON (header, and of each part its name, layout and shape), the parts' bytes, and
the SHA-256 of everything before it. No pickle: a part is numbers laid out as the description says.

Two generations are kept, `PATH.0` and `PATH.1`. A new one replaces the older by a rename, so at every instant one whole
snapshot is there; the higher generation is the newer, whatever its name.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.damage import Damaged
from arbitrage_core.storage.disk import write_whole
from arbitrage_core.storage.layout import dtype_of, layout_of

SNAPSHOT_VERSION = 1
SNAPSHOT_BYTES_MAX = 1 << 28
PARTS_MAX = 64
GENERATIONS_KEPT = 2

_MAGIC = b"\x89SNP\r\n\x1a\n"
_PREAMBLE = struct.Struct("<8sIIQQ")
_CRC = struct.Struct("<I")
_PREAMBLE_BYTES = _PREAMBLE.size + _CRC.size
_SHA256_BYTES = 32


@dataclass(frozen=True)
class Snapshot:
    """A snapshot as read. `refused` says of each generation that is not whole (and may be newer) what is wrong."""

    generation: int
    header: dict[str, object]
    parts: dict[str, np.ndarray]
    refused: tuple[str, ...] = ()


def write_snapshot(path: Path | str, header: dict[str, object], parts: Mapping[str, np.ndarray]) -> int:
    """Writes the next generation of the snapshot `path`, durable when this returns, and gives its number (from 1 on).

    `header` is JSON (schema version, journal position, epoch, whatever the caller wants back); `parts` are arrays of
    numbers or records of numbers. Raises BadInput for what cannot be stored or is larger than SNAPSHOT_BYTES_MAX, and
    DiskRefused; what was there before stays.
    """
    generations = [_generation_of(file) for file in _files(Path(path))]
    generation = max(generations) + 1
    slot = generations.index(min(generations))
    write_whole(_files(Path(path))[slot], *_packed(generation, header, parts))
    return generation


def read_snapshot(path: Path | str, dtypes: Mapping[str, np.dtype] | None = None) -> Snapshot:
    """The newest whole generation of the snapshot `path`.

    With `dtypes` its parts must be exactly these, laid out so: a snapshot that is whole but means something else to
    this program is refused, not passed over. Raises BadInput when there is none, and Damaged when no generation is
    whole.
    """
    found = [file for file in _files(Path(path)) if file.exists()]
    if not found:
        raise BadInput(f"there is no snapshot {path}")
    refused: list[str] = []
    whole: list[Snapshot] = []
    for file in found:
        try:
            whole.append(read_snapshot_file(file))
        except Damaged as damaged:
            refused.append(str(damaged))
    if not whole:
        raise Damaged(Path(path), f"no generation of this snapshot is whole: {'; '.join(refused)}")
    snapshot = max(whole, key=lambda one: one.generation)
    if dtypes is not None:
        _must_be_laid_out(path, snapshot, dtypes)
    return Snapshot(snapshot.generation, snapshot.header, snapshot.parts, tuple(refused))


def read_snapshot_file(file: Path) -> Snapshot:
    """One generation. Raises Damaged when a byte of it is not as written, and OSError."""
    with file.open("rb") as opened:
        data = opened.read(SNAPSHOT_BYTES_MAX + 1)
    generation, described_bytes = _preamble_of(file, data)
    body, checksum = memoryview(data)[:-_SHA256_BYTES], data[-_SHA256_BYTES:]
    if hashlib.sha256(body).digest() != checksum:
        raise Damaged(file, "does not match its SHA-256")
    parts_start = _PREAMBLE_BYTES + described_bytes
    try:
        description = json.loads(bytes(body[_PREAMBLE_BYTES:parts_start]))
        parts = _parts_of(description["parts"], body[parts_start:])
        return Snapshot(generation, dict(description["header"]), parts)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Damaged(file, f"its description is not understood: {error}") from error


def _packed(generation: int, header: dict[str, object], parts: Mapping[str, np.ndarray]) -> list[bytes | memoryview]:
    if len(parts) > PARTS_MAX:
        raise BadInput(f"a snapshot has at most {PARTS_MAX} parts, not {len(parts)}")
    try:
        described = [
            {"name": name, "layout": layout_of(part.dtype), "shape": list(part.shape)} for name, part in parts.items()
        ]
        description = json.dumps({"header": header, "parts": described}, allow_nan=False).encode()
    except (TypeError, ValueError) as error:
        raise BadInput(f"this cannot be stored in a snapshot: {error}") from error
    payloads = [np.ascontiguousarray(part).reshape(-1).view(np.uint8).data for part in parts.values()]
    total = _PREAMBLE_BYTES + len(description) + sum(map(len, payloads)) + _SHA256_BYTES
    if total > SNAPSHOT_BYTES_MAX:
        raise BadInput(f"a snapshot of {total:,} bytes; at most {SNAPSHOT_BYTES_MAX:,} are stored")
    preamble = _PREAMBLE.pack(_MAGIC, SNAPSHOT_VERSION, len(description), generation, total)
    packed: list[bytes | memoryview] = [preamble + _CRC.pack(crc32(preamble)), description, *payloads]
    sha256 = hashlib.sha256()
    for piece in packed:
        sha256.update(piece)
    return [*packed, sha256.digest()]


def _preamble_of(file: Path, data: bytes) -> tuple[int, int]:
    """Generation and length of the description. Raises Damaged, also when the length of all is another."""
    if len(data) < _PREAMBLE_BYTES + _SHA256_BYTES:
        raise Damaged(file, "ends within its first bytes", incomplete=True)
    magic, version, described_bytes, generation, total = _PREAMBLE.unpack_from(data)
    if magic != _MAGIC:
        raise Damaged(file, "not a snapshot")
    if _CRC.unpack_from(data, _PREAMBLE.size)[0] != crc32(data[: _PREAMBLE.size]):
        raise Damaged(file, "its first bytes do not match their checksum")
    if version != SNAPSHOT_VERSION:
        raise Damaged(file, f"of snapshot version {version}, this program reads version {SNAPSHOT_VERSION}")
    if total != len(data) or total > SNAPSHOT_BYTES_MAX:
        raise Damaged(file, f"has {len(data):,} bytes, {total:,} were written", incomplete=len(data) < total)
    return generation, described_bytes


def _parts_of(described: list, data: memoryview) -> dict[str, np.ndarray]:
    """The parts, each the caller's to keep. Raises ValueError, KeyError or TypeError for an impossible description."""
    parts: dict[str, np.ndarray] = {}
    start = 0
    for part in described:
        dtype = dtype_of(part["layout"])
        shape = tuple(part["shape"])
        stop = start + dtype.itemsize * int(np.prod(shape, dtype=np.int64))
        parts[part["name"]] = np.frombuffer(bytearray(data[start:stop]), dtype).reshape(shape)
        start = stop
    if start != len(data):
        raise ValueError(f"{len(data):,} bytes for parts of {start:,}")
    return parts


def _must_be_laid_out(path: Path | str, snapshot: Snapshot, dtypes: Mapping[str, np.dtype]) -> None:
    if set(snapshot.parts) != set(dtypes):
        raise BadInput(f"snapshot {path} has the parts {sorted(snapshot.parts)}, expected are {sorted(dtypes)}")
    for name, dtype in dtypes.items():
        if layout_of(snapshot.parts[name].dtype) != layout_of(dtype):
            raise BadInput(
                f"part {name!r} of snapshot {path} is laid out otherwise than this program's",
                "use the version that wrote it, or start anew from the journal",
            )


def _files(path: Path) -> list[Path]:
    return [path.with_name(f"{path.name}.{slot}") for slot in range(GENERATIONS_KEPT)]


def _generation_of(file: Path) -> int:
    """The generation a file claims; 0 when there is none or its first bytes are not sound."""
    try:
        with file.open("rb") as opened:
            data = opened.read(_PREAMBLE_BYTES)
    except FileNotFoundError:
        return 0
    if len(data) < _PREAMBLE_BYTES or _CRC.unpack_from(data, _PREAMBLE.size)[0] != crc32(data[: _PREAMBLE.size]):
        return 0
    return _PREAMBLE.unpack_from(data)[3]
