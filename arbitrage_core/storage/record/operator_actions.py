"""The operator's actions in the record: what was ordered, by whom, and what was answered."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection
from sqlalchemy.dialects.postgresql import insert

from arbitrage_core.storage.record.json_form import json_form
from arbitrage_core.storage.record.tables import OPERATOR_ACTIONS


@dataclass(frozen=True)
class OperatorAction:
    """A command that was answered. Times are UTC nanoseconds by the clock; `target` empty: the whole session."""

    command_id: str
    action: str
    target: str
    reason: str
    operator: str
    source: str
    asked_ns: int
    answered_ns: int
    accepted: bool
    answer: str


def insert_actions(connection: Connection, session_id: int | None, actions: Sequence[OperatorAction]) -> None:
    """Records them, each once however often this is tried: a command sent twice is one. `session_id` None: they were of
    no session."""
    rows = [
        {
            "command_id": one.command_id,
            "session_id": session_id,
            "action": one.action,
            "arguments": json_form({"target": one.target, "reason": one.reason}, f"command {one.command_id!r}"),
            "operator": one.operator,
            "source": one.source,
            "asked_ns": one.asked_ns,
            "answered_ns": one.answered_ns,
            "accepted": one.accepted,
            "answer": one.answer,
        }
        for one in actions
    ]
    if rows:
        connection.execute(insert(OPERATOR_ACTIONS).on_conflict_do_nothing(index_elements=["command_id"]), rows)
