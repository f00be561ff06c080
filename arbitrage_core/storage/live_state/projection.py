"""The projection: a session as it stands, in named sections, and whether what was read of it can be believed.

Stored as one hash: `head` (schema, session, epoch, sequence, times, and the SHA-256 of each section), `checksum` (the
SHA-256 of the head), `fence` (scripts.py) and a field a section. So one read verifies all of it, and any flipped byte,
missing section or mixture of two writes shows. A checksum is no signature: who can write can forge.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.live_state.scripts import POSITION_MAX
from arbitrage_core.storage.live_state.spelling import digest_of, spelled, unspelled

SCHEMA = 1
SECTIONS = (
    "session",
    "positions",
    "open_trades",
    "working_orders",
    "counters",
    "pnl",
    "books",
    "cooldowns",
    "guards",
    "symbol_switches",
    "execution_queue",
    "health",
)
"""What a projection may hold; each is a JSON map or list (engine_view.py says what of)."""
PROJECTION_BYTES_MAX = 4 << 20


@dataclass(frozen=True, order=True)
class Position:
    """How far a session had come: of two, the newer has the higher epoch, and in one epoch the higher sequence.

    Both from 0 to 2⁵³ − 1. Raises BadInput past that.
    """

    epoch: int
    sequence: int

    def __post_init__(self) -> None:
        for name, value in (("epoch", self.epoch), ("sequence", self.sequence)):
            if type(value) is not int or not 0 <= value <= POSITION_MAX:
                raise BadInput(f"{name} {value!r} is not a whole number from 0 to 2⁵³ − 1")


@dataclass(frozen=True)
class Projection:
    """What to store. `row_ns` is the last row's time, `written_ns` this machine's clock, both UTC."""

    session: str
    position: Position
    row_ns: int
    written_ns: int
    sections: Mapping[str, object]

    def packed(self) -> dict[bytes, bytes]:
        """Fields and values. Raises BadInput for an unknown section, NaN, or more than PROJECTION_BYTES_MAX."""
        unknown = sorted(set(self.sections) - set(SECTIONS))
        if unknown:
            raise BadInput(f"no section {unknown[0]!r}", f"there are {', '.join(SECTIONS)}")
        packed = {name.encode(): spelled(content, f"section {name}") for name, content in self.sections.items()}
        head = spelled(
            {
                "schema": SCHEMA,
                "session": self.session,
                "epoch": self.position.epoch,
                "sequence": self.position.sequence,
                "row_ns": self.row_ns,
                "written_ns": self.written_ns,
                "sections": {name.decode(): digest_of(data) for name, data in packed.items()},
            },
            "the head of a projection",
        )
        packed[b"head"], packed[b"checksum"] = head, digest_of(head).encode()
        size = sum(map(len, packed.values()))
        if size > PROJECTION_BYTES_MAX:
            raise BadInput(f"a projection of {size:,} bytes; at most {PROJECTION_BYTES_MAX:,} are stored")
        return packed


class Soundness(StrEnum):
    """Whether a projection can be believed. MISSING: none there. TORN: not as written. STALE: whole, but an older one
    than is known to have been written, or its session's epoch has been taken over. SOUND: whole and as new as asked."""

    MISSING = "missing"
    TORN = "torn"
    STALE = "stale"
    SOUND = "sound"


@dataclass(frozen=True)
class Reading:
    """A projection as read. Sections are there when it is SOUND or STALE; `why` says what is wrong, else empty."""

    soundness: Soundness
    why: str = ""
    position: Position | None = None
    row_ns: int = 0
    written_ns: int = 0
    sections: dict[str, object] = field(default_factory=dict)

    @property
    def is_sound(self) -> bool:
        """Whether all of it can be believed."""
        return self.soundness is Soundness.SOUND


def read_packed(session: str, stored: Mapping[bytes, bytes]) -> Reading:
    """What the fields and values of a session's projection say: MISSING, TORN or SOUND. Never raises for damage."""
    if not stored:
        return Reading(Soundness.MISSING, "there is none")
    try:
        return _verified(session, stored)
    except (ValueError, KeyError, TypeError) as error:
        return Reading(
            Soundness.TORN, str(error) if isinstance(error, _Torn) else f"its head is not understood: {error}"
        )


class _Torn(ValueError):  # noqa: N818
    pass


def _verified(session: str, stored: Mapping[bytes, bytes]) -> Reading:
    content = {name: value for name, value in stored.items() if name not in (b"head", b"checksum", b"fence")}
    head_bytes = stored.get(b"head", b"")
    if digest_of(head_bytes).encode() != stored.get(b"checksum"):
        raise _Torn("its head does not match its checksum")
    head = unspelled(head_bytes)
    if head["schema"] != SCHEMA:
        raise _Torn(f"of schema {head['schema']}, this program reads {SCHEMA}")
    if head["session"] != session:
        raise _Torn(f"it is of session {head['session']}")
    position = Position(head["epoch"], head["sequence"])
    if stored.get(b"fence", b"").split(b" ")[:2] != [b"%d" % position.epoch, b"%d" % position.sequence]:
        raise _Torn("head and fence say different positions")
    digests = head["sections"]
    if {name.decode("utf-8", "replace") for name in content} != set(digests):
        raise _Torn("its sections are not those its head names")
    for name, data in content.items():
        if digest_of(data) != digests[name.decode()]:
            raise _Torn(f"section {name.decode()} does not match its checksum")
    sections = {name.decode(): unspelled(data) for name, data in content.items()}
    return Reading(Soundness.SOUND, "", position, head["row_ns"], head["written_ns"], sections)
