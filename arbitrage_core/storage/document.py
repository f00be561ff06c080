"""The document: a small JSON file that shows any change of it.

It has exactly one spelling (keys sorted, a fixed indent) and carries the SHA-256 of itself without that entry, so a
reader sees every flipped or missing byte, be it only a space. An infinite number, a stated "no limit" in a
configuration, is spelled "Infinity", which is legal JSON and which pydantic reads back; NaN is refused.
"""

import hashlib
import json
from math import isinf, isnan
from pathlib import Path

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.damage import Damaged
from arbitrage_core.storage.disk import write_whole

DOCUMENT_BYTES_MAX = 16 << 20
_CHECKSUM = "checksum"


def write_document(path: Path, content: dict[str, object]) -> bytes:
    """Writes `content` whole or not at all and gives the file's bytes. Raises BadInput (not JSON) and DiskRefused."""
    plain = plain_of(content, path.name)
    data = _spelled({**plain, _CHECKSUM: _checksum(plain)})
    if len(data) > DOCUMENT_BYTES_MAX:
        raise BadInput(f"{path.name}: {len(data):,} bytes are more than the {DOCUMENT_BYTES_MAX:,} a document may have")
    write_whole(path, data)
    return data


def read_document(path: Path) -> tuple[dict[str, object], str]:
    """The content of a document and the SHA-256 (hex) of its file. Raises Damaged, and OSError if it is not there."""
    with path.open("rb") as file:
        data = file.read(DOCUMENT_BYTES_MAX + 1)
    if len(data) > DOCUMENT_BYTES_MAX:
        raise Damaged(path, f"larger than the {DOCUMENT_BYTES_MAX:,} bytes a document may have")
    try:
        content = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise Damaged(path, f"not a JSON document: {error}") from error
    if not isinstance(content, dict) or _CHECKSUM not in content:
        raise Damaged(path, "a JSON document without its checksum")
    checksum = content.pop(_CHECKSUM)
    if checksum != _checksum(content) or data != _spelled({**content, _CHECKSUM: checksum}):
        raise Damaged(path, "does not match its checksum")
    return content, hashlib.sha256(data).hexdigest()


def plain_of(value: object, where: str) -> object:
    """`value` as a document says it and gives it back; BadInput names the entry that JSON cannot say."""
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise BadInput(f"{where}: the key {key!r} is not text")
        return {key: plain_of(item, f"{where}.{key}") for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_of(item, f"{where}[{index}]") for index, item in enumerate(value)]
    if isinstance(value, float):
        if isnan(value):
            raise BadInput(f"{where} is not a number")
        if isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
        return float(value)
    if value is None or isinstance(value, (str, bool, int)):
        return value
    raise BadInput(f"{where} is a {type(value).__name__}, which JSON cannot say")


def _spelled(content: object) -> bytes:
    return (json.dumps(content, sort_keys=True, indent=1) + "\n").encode("ascii")


def _checksum(content: object) -> str:
    return hashlib.sha256(_spelled(content)).hexdigest()
