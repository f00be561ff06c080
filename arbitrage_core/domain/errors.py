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
