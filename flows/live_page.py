"""A page of a run in the Prefect UI that changes while it runs: one Markdown artifact, written over again.

A page that cannot be written is no reason to stop a run: its log says so once, and the run goes on without.
"""

from collections.abc import Callable
from uuid import UUID

import httpx
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.actions import ArtifactUpdate
from prefect.context import FlowRunContext, TaskRunContext
from prefect.exceptions import PrefectException

NOT_WRITTEN = (PrefectException, httpx.HTTPError, OSError)


class LivePage:
    """The artifact `key` of this run. `line` is called with words for the log. From one thread at a time."""

    def __init__(self, key: str, description: str, line: Callable[[str], object]) -> None:
        self._key, self._description, self._line = key, description, line
        self._artifact: UUID | None = None
        self._shown = ""

    def begin(self, markdown: str) -> None:
        """Makes it; outside of a run there is no page."""
        if not in_a_run():
            return
        self._shown = markdown
        self._artifact = create_markdown_artifact(markdown, key=self._key, description=self._description)

    def show(self, markdown: str, description: str | None = None) -> None:
        """Puts other words in its place, from any thread."""
        if self._artifact is None or (markdown == self._shown and description is None):
            return
        try:
            write_over(self._artifact, markdown, description)
            self._shown = markdown
        except NOT_WRITTEN as error:
            self._artifact = None
            self._line(f"the page {self._key} is not kept up to date any more: {type(error).__name__}")


def in_a_run() -> bool:
    """Whether a flow or task of Prefect's runs here, which artifacts belong to."""
    return FlowRunContext.get() is not None or TaskRunContext.get() is not None


def write_over(artifact: UUID, data: object, description: str | None = None) -> None:
    """Puts other data into an artifact, from any thread. Raises one of NOT_WRITTEN.

    Prefect's own `update_progress_artifact` leaves a connection open for each call from a thread without a run.
    """
    wanted = {"data": data} | ({} if description is None else {"description": description})
    with get_client(sync_client=True) as client:
        client.update_artifact(artifact, ArtifactUpdate(**wanted))
