"""The event log: how the platform says what happened: a name in the past tense, and fields.

    log = EventLog("runner")
    log.info("trade_opened", symbol=symbol, lots=lots)

The name is written in the source, never made at run time. A field is written with its value only if the allow-list has
its name (allow_list.py).
"""

import logging

from arbitrage_core.monitoring.logs.entry import EVENT_FIELDS

ROOT = "arb"


class EventLog:
    """Events of one part of the program. Methods return at once, and never raise for what they are given."""

    def __init__(self, part: str) -> None:
        self._logger = logging.getLogger(f"{ROOT}.{part}")

    def debug(self, event: str, **fields: object) -> None:
        """Of use only when looking for a defect."""
        self._say(logging.DEBUG, event, fields)

    def info(self, event: str, **fields: object) -> None:
        """What happened as it should."""
        self._say(logging.INFO, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """What the program copes with and an operator should know."""
        self._say(logging.WARNING, event, fields)

    def error(self, event: str, *, error: BaseException | None = None, **fields: object) -> None:
        """What failed, with the exception's type and place."""
        self._say(logging.ERROR, event, fields, error)

    def critical(self, event: str, *, error: BaseException | None = None, **fields: object) -> None:
        """What ends the session or needs a hand at once."""
        self._say(logging.CRITICAL, event, fields, error)

    def _say(self, level: int, event: str, fields: dict[str, object], error: BaseException | None = None) -> None:
        if self._logger.isEnabledFor(level):
            cause = (type(error), error, error.__traceback__) if error is not None else None
            self._logger.log(level, event, extra={EVENT_FIELDS: fields}, exc_info=cause)
