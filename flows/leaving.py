"""Leaving in order: what Cancel and Suspend in the Prefect UI do to a session that runs.

Cancel sends the process a request to terminate, which the session's own handler takes for an order to end. Suspend
(the newer UI calls it Pause) stops nothing that runs, so the run's own state is asked every two seconds; whoever
suspends a session means to end it, and its journal and record are closed as if it had been stopped. Its run is then
CANCELLED: left suspended, Prefect would call it failed after the time to resume, and a Resume would begin it anew.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import UUID

import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException
from prefect.states import Cancelled

from arbitrage_core.session.live_runner import Ending, LiveRunner

ASK_EVERY_S = 2.0
LEAVE_IN = {"PAUSED", "CANCELLING", "CANCELLED"}


class Leaving:
    """Ends a session when its flow run is told to leave. `look` is the session's `on_look`."""

    def __init__(self, flow_run_id: str | None) -> None:
        self._flow_run_id = UUID(flow_run_id) if flow_run_id else None
        self._runner: LiveRunner | None = None
        self._over = threading.Event()
        self.why = ""

    def look(self, runner: LiveRunner) -> None:
        """Remembers the session that runs."""
        self._runner = runner

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Asks for the run's state while the block runs."""
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it would say every question in the session's log
        thread = threading.Thread(target=self._watch, name="leaving", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(ASK_EVERY_S)

    def conclude(self) -> None:
        """After the session ended: a run that was suspended is over, and says why."""
        if self._flow_run_id is None or self._state(self._flow_run_id) != "PAUSED":
            return
        over = Cancelled(message="suspended in the Prefect UI: the session ended in order; start another one to go on")
        with suppress(PrefectException, httpx.HTTPError, OSError), get_client(sync_client=True) as client:
            client.set_flow_run_state(self._flow_run_id, over, force=True)

    def _watch(self) -> None:
        while self._flow_run_id is not None and not self._over.wait(ASK_EVERY_S):
            state = self._state(self._flow_run_id)
            if state in LEAVE_IN and self._runner is not None:
                self.why = f"{state.lower()} in the Prefect UI"
                self._runner.stop(Ending.STOPPED, self.why)
                return

    def _state(self, flow_run_id: UUID) -> str:
        """The run's state now; unknown when the server does not say: a session does not hang on Prefect."""
        try:
            with get_client(sync_client=True) as client:
                state = client.read_flow_run(flow_run_id).state
        except (PrefectException, httpx.HTTPError, OSError):
            return ""
        return state.type.value if state is not None else ""
