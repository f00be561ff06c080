"""The errors: which failures raise at all, and as what.

Three kinds of failure, never mixed:

    a fault outside      timeout, rate limit, dead stream     becomes a row; the engine decides on it; nothing raises
    a refusal            a rule forbids an entry              a value of `Refusal`; nothing raises
    a broken invariant   what can never be has happened       raises `InvariantBroken`; the session ends, journal sealed

What an operator hands over — a file, a name, a parameter, a disk — is checked before work begins or as it is read:

    Exception
    ├── ValueError
    │   └── BadInput           the input is at fault: says what is wrong and what would cure it; exit code 2 or 1
    └── RuntimeError
        └── InvariantBroken    the program is at fault: nothing after this can be trusted
            └── AnomalyFound   and seen in a session while it ran: says at which row

Catch these two by name, at the composition root only. `except Exception` would swallow the second.
"""


class BadInput(ValueError):  # noqa: N818 — named by what happened, as all facts are
    """Input that cannot be used: a file, a name, a parameter, a full disk.

    `cause` says what is wrong and where, `cure` what to do about it; `str` gives both in one line. `from_outside`: what
    was asked for was right, and something around us failed: a disk, a server, a damaged file.
    """

    from_outside = False

    def __init__(self, cause: str, cure: str = "") -> None:
        super().__init__(cause, cure)
        self.cause, self.cure = cause, cure

    def __str__(self) -> str:
        return f"{self.cause}; {self.cure}" if self.cure else self.cause


class InvariantBroken(RuntimeError):  # noqa: N818
    """Something that can never be has happened. Names the invariant and what was seen."""


class AnomalyFound(InvariantBroken):
    """What a session did is not trading, so it was stopped after `row` rows (commands and timers among them).

    `pattern` is one of a few (`session/anomaly.py`), `finding` says what was seen, `figures` the same as JSON. Of a
    session that is journalled `command` replays it to that row, and `bundle` is the folder of its debug bundle, by the
    name of the session's own and its own; both None otherwise.
    """

    def __init__(
        self, pattern: str, finding: str, *, row: int, now_ns: int, figures: dict[str, object] | None = None
    ) -> None:
        super().__init__(f"{pattern}: {finding} (row {row}, time {now_ns} ns): the session was stopped")
        self.pattern, self.finding, self.row, self.now_ns = pattern, finding, row, now_ns
        self.figures = figures or {}
        self.command: str | None = None
        self.bundle: str | None = None
