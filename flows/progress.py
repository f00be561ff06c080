"""The progress of a flow: one bar in the Prefect UI, and a line for whoever watches a terminal.

An artifact that cannot be written is no reason to stop a campaign: the run's log says so once.
"""

from collections.abc import Callable
from contextvars import ContextVar
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.exceptions import PrefectException

Listener = Callable[[str, int, int], None]
"""(campaign or study, seeds or sets done, as many planned)"""
_LISTENER: ContextVar[Listener | None] = ContextVar("listener", default=None)


def listen(listener: Listener) -> None:
    """From now on, of flows that run in this context, the listener is told of each seed or set that is done."""
    _LISTENER.set(listener)


class Progress:
    """Seeds done of seeds planned, over all campaigns; or what else `counted` says. `line` is called with words for a
    terminal."""

    def __init__(
        self, planned: int, description: str, line: Callable[[str], object], *, counted: str = "seeds"
    ) -> None:
        self._planned, self._line, self._counted = max(planned, 1), line, counted
        self._done: dict[str, int] = {}
        self._artifact: UUID | None = create_progress_artifact(0.0, description=description)

    def told(self, campaign: str, done: int, planned: int) -> None:
        """A campaign has come so far."""
        self._done[campaign] = done
        listener = _LISTENER.get()
        if listener is not None:
            listener(campaign, done, planned)
        share = sum(self._done.values()) / self._planned
        if done == planned or done % 5 == 0:
            self._line(f"{campaign}: {done} of {planned} {self._counted}")
            self._show(100.0 * share)

    def _show(self, percent: float) -> None:
        if self._artifact is None:
            return
        try:
            update_progress_artifact(self._artifact, min(percent, 100.0))
        except (PrefectException, OSError) as error:
            self._artifact = None
            self._line(f"progress is not shown any more: {type(error).__name__}")
