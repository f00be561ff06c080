"""The complaint of a flow: input that cannot be used fails a run in two lines, cause and cure, without a traceback.

A traceback says where the program stood, which is of use when the program is at fault. Whoever typed a wrong setting
into a form looks for what is wrong with it.
"""

import functools
import logging
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from prefect import get_run_logger
from prefect.states import Failed

from arbitrage_core.domain.errors import BadInput

RUN_LOGGERS = ("prefect.flow_runs", "prefect.engine")
Asked = ParamSpec("Asked")
Given = TypeVar("Given")


class _Said(logging.Filter):
    """Drops what Prefect's engine logs of a BadInput besides: that it was raised, and where."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is to be logged."""
        return not (record.exc_info and isinstance(record.exc_info[1], BadInput))


_SAID = _Said()


def plainly(flow: Callable[Asked, Given]) -> Callable[Asked, Given]:
    """A flow's function that says BadInput so. Who calls the flow, and not its worker, is raised it as before."""

    @functools.wraps(flow)
    def told(*arguments: Asked.args, **named: Asked.kwargs) -> Given:
        try:
            return flow(*arguments, **named)
        except BadInput as error:
            lines = [line for line in (error.cause, error.cure) if line]
            for line in lines:
                get_run_logger().error(line)
            for name in RUN_LOGGERS:
                logging.getLogger(name).addFilter(_SAID)
            failed: Any = Failed(data=error, message="\n".join(lines))
            return cast(Given, failed)

    return told
