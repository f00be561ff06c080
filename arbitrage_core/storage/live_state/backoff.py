"""The backoff: how long to wait before a server is tried again.

Full jitter: a wait is drawn between 0 and a ceiling that doubles up to a cap, so that many clients of a server that
comes back do not return at the same instant. (M. Brooker, "Exponential backoff and jitter", AWS Architecture Blog.)
"""

import random


class Backoff:
    """Waits in seconds, from `first_s` doubling to `cap_s`, never below `least_s`; `reset` after a success."""

    def __init__(self, first_s: float = 0.1, cap_s: float = 5.0, least_s: float = 0.02) -> None:
        if not 0 < least_s <= first_s <= cap_s:
            raise ValueError(f"no backoff from {first_s} s to {cap_s} s, never below {least_s} s")
        self._first_s, self._cap_s, self._least_s = first_s, cap_s, least_s
        self._ceiling_s = first_s

    def next_s(self) -> float:
        """How long to wait now."""
        wait_s = random.uniform(self._least_s, self._ceiling_s)
        self._ceiling_s = min(2 * self._ceiling_s, self._cap_s)
        return wait_s

    def reset(self) -> None:
        """The server answered: the next wait is short again."""
        self._ceiling_s = self._first_s
