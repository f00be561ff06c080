"""The keys: every name this platform uses in Redis, in one place.

All begin with `arb:<checkout id>:`, so two checkouts that share a server do not meet, and clearing one's own is a
matter of a prefix. What is kept by a session has the session's name last, so a name may hold any printable character.
"""

import re
from dataclasses import dataclass

from arbitrage_core.domain.errors import BadInput

SESSION_CHARACTERS_MAX = 200


@dataclass(frozen=True)
class Namespace:
    """The keys of one checkout. Raises BadInput for an id that is not 1 to 64 letters, digits, `-` or `_`."""

    checkout_id: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", self.checkout_id):
            raise BadInput(f"no checkout id: {self.checkout_id!r}", "give 1 to 64 letters, digits, - or _")

    @property
    def prefix(self) -> str:
        """What every key of this checkout begins with."""
        return f"arb:{self.checkout_id}:"

    @property
    def pattern(self) -> str:
        """Matches every key of this checkout in SCAN, and no other."""
        return f"{self.prefix}*"

    def epoch(self, session: str) -> str:
        """The newest epoch claimed; never expires and survives a clearing."""
        return self._of("epoch", session)

    def state(self, session: str) -> str:
        """The projection, a hash; never expires."""
        return self._of("state", session)

    def heartbeat(self, session: str) -> str:
        """The only key that expires."""
        return self._of("heartbeat", session)

    def control(self, session: str) -> str:
        """The stream of operator commands."""
        return self._of("control", session)

    def command_ids(self, session: str) -> str:
        """By command id: its place in the stream and the digest of what was sent under it."""
        return self._of("command_ids", session)

    def answers(self, session: str) -> str:
        """By command id: the answer."""
        return self._of("answers", session)

    def answer_calls(self, session: str) -> str:
        """The stream that wakes those who wait for an answer."""
        return self._of("answer_calls", session)

    def kind_and_session(self, key: str) -> tuple[str, str]:
        """What a key of this checkout is and whose. Raises ValueError for a key that is not its."""
        if not key.startswith(self.prefix):
            raise ValueError(f"{key!r} is not a key of {self.prefix}")
        kind, _, session = key[len(self.prefix) :].partition(":")
        return kind, session

    def _of(self, kind: str, session: str) -> str:
        if not 1 <= len(session) <= SESSION_CHARACTERS_MAX or not session.isprintable():
            raise BadInput(
                f"{session[:40]!r} cannot name a session", f"use 1 to {SESSION_CHARACTERS_MAX} printable characters"
            )
        return f"{self.prefix}{kind}:{session}"
