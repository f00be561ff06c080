"""The operator's command and its answer: validated whole before they are stored, and again when they are read.

A command carries its own id, chosen by whoever sends it: sent again under the same id it is the same command. It is
also good for a limited time only: a `resume` that lay unread while the session hung must not take effect an hour later.
"""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.live_state.spelling import spelled, unspelled

COMMAND_BYTES_MAX = 4_096
VALID_MS_MAX = 86_400_000
TIME_NS_MAX = 2**63 - 1

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$"

Id = Annotated[str, Field(pattern=ID_PATTERN)]
Line = Annotated[str, Field(max_length=200)]


class CommandKind(StrEnum):
    """What an operator can ask for. PAUSE: no entries. RESUME: entries again. FLATTEN: let every trade leave, then
    nothing more. STOP: end the session in order. KILL: no new risk until the release of `kill_switch`. SYMBOL_OFF,
    SYMBOL_ON: as PAUSE and RESUME, for one symbol. REDUCE: as PAUSE, or as SYMBOL_OFF of the symbol it names, and the
    open trades leave. GUARD_RELEASE: what tripped of a symbol, or of the session, stands no more."""

    PAUSE = "pause"
    RESUME = "resume"
    FLATTEN = "flatten"
    STOP = "stop"
    REDUCE = "reduce"
    KILL = "kill"
    SYMBOL_ON = "symbol_on"
    SYMBOL_OFF = "symbol_off"
    GUARD_RELEASE = "guard_release"


SUPPORTED = frozenset(CommandKind)
"""What a session can do so far; anything else it answers with NOT_SUPPORTED."""
WITH_TARGET = frozenset({CommandKind.SYMBOL_ON, CommandKind.SYMBOL_OFF, CommandKind.GUARD_RELEASE})
"""Commands that name a symbol or a guard; all others are for the whole session."""
MAY_HAVE_TARGET = WITH_TARGET | {CommandKind.REDUCE}
KILL_SWITCH = "kill_switch"
"""The guard that `kill` trips, as GUARD_RELEASE names it."""
WHOLE_SESSION = "session"
"""The guards of the whole session, likewise; those of one symbol go by its name."""


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def packed(self) -> bytes:
        """As JSON, in its one spelling."""
        return spelled(self.model_dump(mode="json"), type(self).__name__)

    @classmethod
    def parsed(cls, data: bytes | str):
        """What the bytes say. Raises BadInput naming the first thing wrong with them."""
        noun = "a command" if cls is OperatorCommand else "an answer"
        if len(data) > COMMAND_BYTES_MAX:
            raise BadInput(f"{noun} of {len(data):,} bytes; at most {COMMAND_BYTES_MAX:,} are taken")
        try:
            unspelled(data if isinstance(data, bytes) else data.encode())
            return cls.model_validate_json(data)
        except ValidationError as error:
            raise BadInput(f"not {noun}: {first_of(error)}", "see docs/live_state.md for its fields") from error
        except ValueError as error:
            raise BadInput(f"not {noun}: not JSON", "see docs/live_state.md for its fields") from error


class OperatorCommand(_Document):
    """What an operator asks of a session.

    `issued_ns` is the sender's clock, UTC; `valid_ms` how long after that it may take effect; `operator` who asks, and
    `reason` why, both for the record.
    """

    command_id: Id
    kind: CommandKind
    target: Line = ""
    issued_ns: int = Field(ge=0, le=TIME_NS_MAX)
    valid_ms: int = Field(60_000, ge=1, le=VALID_MS_MAX)
    operator: Line = ""
    reason: Line = ""

    @field_validator("target", "operator", "reason")
    @classmethod
    def _is_printable(cls, text: str) -> str:
        if not text.isprintable():
            raise ValueError("only printable characters")
        return text

    @model_validator(mode="after")
    def _names_a_target_where_it_needs_one(self) -> "OperatorCommand":
        if self.kind in WITH_TARGET and not self.target:
            raise ValueError(f"{self.kind} needs a target")
        if self.kind not in MAY_HAVE_TARGET and self.target:
            raise ValueError(f"{self.kind} has no target")
        return self

    @classmethod
    def of(cls, **fields: object) -> "OperatorCommand":
        """A command of these fields. Raises BadInput when one is impossible."""
        try:
            return cls.model_validate_json(spelled(fields, "a command"))
        except ValidationError as error:
            raise BadInput(f"not a command: {first_of(error)}", "see docs/live_state.md for its fields") from error

    def expired(self, now_ns: int) -> bool:
        """Whether it is too late at `now_ns` (UTC). One from the future by more than its validity has expired too: its
        sender's clock cannot be believed."""
        return abs(now_ns - self.issued_ns) > self.valid_ms * 1_000_000


class AnswerStatus(StrEnum):
    """What became of a command. ACCEPTED: handed to the engine as a row, and journalled. REFUSED: read, and not done.
    NOT_SUPPORTED: this version cannot do it. EXPIRED: it came too late and was not done."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_SUPPORTED = "not_supported"
    EXPIRED = "expired"


class Answer(_Document):
    """What a session says to a command: its status, a line for the operator, by which epoch and when (UTC)."""

    command_id: Id
    status: AnswerStatus
    text: str = Field("", max_length=400)
    epoch: int = Field(ge=0)
    answered_ns: int = Field(ge=0, le=TIME_NS_MAX)


def is_id(text: str) -> bool:
    """Whether a text can be the id of a command."""
    return re.fullmatch(ID_PATTERN, text) is not None and not text.endswith("\n")


def first_of(error: ValidationError) -> str:
    """The first thing pydantic found: where, and what. Never the value, which may be anything."""
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg']}" if where else first["msg"]
