"""The entry: one event as every destination gets it, made of a logging record with nothing in it that must not be."""

import json
import logging
import re
import types
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePath

from arbitrage_core.monitoring.logs.allow_list import KnownSecrets, outline, told

EVENT_FIELDS = "arb_fields"
"""The attribute of a logging record that holds an event's fields; a record without it is another library's."""
FOREIGN = "foreign_record"
UNNAMED = "unnamed_event"
FIELDS_MAX = 40
CHARACTERS_MAX = 8_000
"""Of all values of an entry together: with names and places it stays well below the 64 KiB the record takes."""
CHAIN_MAX = 5
FRAMES_MAX = 12
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,63}")
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True)
class LogEntry:
    """An event. `time_ns` UTC, to the microsecond; `level` DEBUG … CRITICAL; `fields` are JSON."""

    time_ns: int
    level: str
    logger: str
    event: str
    fields: dict[str, object]

    @property
    def is_grave(self) -> bool:
        """Whether it is a warning or worse."""
        return self.level not in ("DEBUG", "INFO")

    def line(self, session: str) -> bytes:
        """As one line of JSON, in ASCII: no control character reaches a terminal that shows the file."""
        document = {
            "time": datetime.fromtimestamp(self.time_ns // 1000 / 1e6, UTC).isoformat(timespec="microseconds"),
            "level": self.level,
            "event": self.event,
            "session": session,
            "logger": self.logger,
            "time_ns": self.time_ns,
            "fields": self.fields,
        }
        return json.dumps(document, allow_nan=False, separators=(",", ":")).encode("ascii") + b"\n"


def entry_of(record: logging.LogRecord, secrets: KnownSecrets) -> LogEntry:
    """The entry of a record. Never raises: nothing of the record's values is called, only their types are looked at.

    Another library's text may hold anything, so of its record only logger, place and kind of exception are told.
    """
    given = getattr(record, EVENT_FIELDS, None)
    if type(given) is dict:
        event = record.msg if type(record.msg) is str and _EVENT.fullmatch(record.msg) else UNNAMED
        fields = _told_fields(given, secrets)
    else:
        event, fields = FOREIGN, {"at": f"{_short(record.pathname)}:{record.lineno}", "text": outline(record.msg)}
    if record.exc_info and record.exc_info[1] is not None:
        fields["error"] = error_chain(record.exc_info[1])
    return LogEntry(
        time_ns=round(record.created * 1e6) * 1000,
        level=logging.getLevelName(_known_level(record.levelno)),
        logger=secrets.hide(str(record.name))[:100],
        event=event,
        fields=fields,
    )


def _told_fields(given: dict[object, object], secrets: KnownSecrets) -> dict[str, object]:
    """Fields by name, as far as they are names and fit; how many do not is told, too."""
    fields: dict[str, object] = {}
    left_out = 0
    characters = 0
    for name, value in given.items():
        if type(name) is not str or not _FIELD.fullmatch(name) or len(fields) >= FIELDS_MAX:
            left_out += 1
            continue
        shown = told(name, value, secrets)
        more = sum(len(str(item)) for item in shown) if isinstance(shown, list) else len(str(shown))
        if characters + more > CHARACTERS_MAX:
            left_out += 1
            continue
        characters += more
        fields[secrets.hide(name)] = shown
    return {**fields, "fields_left_out": left_out} if left_out else fields


def error_chain(error: BaseException) -> list[dict[str, object]]:
    """An exception and what caused it: type and places, innermost last. Never its text, never lines of source."""
    chain: list[dict[str, object]] = []
    current: BaseException | None = error
    while current is not None and len(chain) < CHAIN_MAX:
        described: dict[str, object] = {"type": type(current).__name__, "at": _places(current.__traceback__)}
        if isinstance(current, OSError) and isinstance(current.errno, int):
            described["errno"] = current.errno
        if isinstance(current, BaseExceptionGroup):
            described["holds"] = [type(one).__name__ for one in current.exceptions[:CHAIN_MAX]]
        chain.append(described)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return chain


def _places(trace: types.TracebackType | None) -> list[str]:
    places: list[str] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        places.append(f"{_short(code.co_filename)}:{trace.tb_lineno} {code.co_name}")
        trace = trace.tb_next
    return places[-FRAMES_MAX:]


def _short(path: str) -> str:
    """The last two parts of a path: enough to find it, and no user's name."""
    return "/".join(PurePath(path).parts[-2:])


def _known_level(number: int) -> int:
    """The standard level at or below a number, DEBUG at the least."""
    return next((level for level in (50, 40, 30, 20) if number >= level), 10)
