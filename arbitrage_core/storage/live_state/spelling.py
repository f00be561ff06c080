"""The spelling: JSON that has exactly one form, holds numbers only, and carries its checksum apart.

Keys sorted, no spaces, ASCII; NaN and infinity are refused, since `json.loads` would read them back and every
comparison with NaN is false.
"""

import hashlib
import json

from arbitrage_core.domain.errors import BadInput


def spelled(value: object, what: str) -> bytes:
    """`value` as bytes of JSON. Raises BadInput, naming `what`, for anything JSON cannot say."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise BadInput(
            f"{what} cannot be stored: {error}", "give numbers that are finite, texts, lists, maps"
        ) from error
    return text.encode("ascii")


def unspelled(data: bytes) -> object:
    """What the bytes say. Raises ValueError for bytes that are not JSON, and for NaN and infinity in them."""
    try:
        return json.loads(data, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def digest_of(data: bytes) -> str:
    """SHA-256, in hex."""
    return hashlib.sha256(data).hexdigest()


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is not a number")
