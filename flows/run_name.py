"""The name of a run: made of what it runs, except where a person gave it one.

Prefect gives every run a name, and a flow that makes names of its own puts them over all of them, also over one that
was typed into the form. Which names were typed Prefect does not keep, so every run that was asked for through a
deployment keeps what its form said. A schedule's runs and a command's nobody named.
"""

from collections.abc import Callable

from prefect import runtime
from prefect.context import FlowRunContext


def named(words: str) -> Callable[[], str]:
    """A flow's `flow_run_name`: `words` with the run's parameters in braces, unless somebody named the run."""

    def name() -> str:
        context = FlowRunContext.get()
        run = None if context is None else context.flow_run
        if run is not None and run.deployment_id is not None and not run.auto_scheduled:
            return run.name
        return words.format(**runtime.flow_run.parameters)

    return name
