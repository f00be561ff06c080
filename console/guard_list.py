"""The guards of a session: what tripped and was released, by the record, and what stands now."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services import external
from arbitrage_core.services.home import home
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.storage.record.database import Record
from console.session_list import address_of_running

EVENTS = text("""
    SELECT now_ns, guard, symbol, venue, kind, cause, observed, limit_value AS limit, release_ns
    FROM guard_events WHERE session_id = :session ORDER BY number
""")
NEWEST = text("SELECT id, name FROM sessions WHERE starts_with(name, :name) ORDER BY started_ns DESC, id DESC LIMIT 1")
LAST_NS = text("SELECT max(now_ns) FROM equity WHERE session_id = :session")

SHORT = {
    "KILL_SWITCH_MUST_BE_OFF": "kill switch",
    "SYMBOL_MUST_BE_ON": "symbol off",
    "SLIPPAGE_MUST_BE_AS_EXPECTED": "slippage",
    "LOSSES_MUST_NOT_RUN_ON": "losses in a row",
    "SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE": "loss of the day",
    "PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE": "loss of the day",
    "DRAWDOWN_MUST_STAY_INSIDE": "drawdown",
    "SYMBOL_EXPOSURE_MUST_STAY_INSIDE": "exposure",
    "VENUE_EXPOSURE_MUST_STAY_INSIDE": "exposure",
    "PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE": "exposure",
}
"""What a trader calls the rules."""

Event = dict[str, Any]


def guards_of(session: str) -> dict[str, Any]:
    """Events and what stands, of the newest recorded session whose name begins so. Raises BadInput, RecordAway."""
    url = address_of_running(external.POSTGRES, Postgres(home()))
    if url is None:
        raise BadInput("the record is not up", "start it: arb up --stores")
    with Record.open(url) as record, record.begin() as connection:
        found = connection.execute(NEWEST, {"name": session}).one_or_none()
        if found is None:
            raise BadInput(f"the record has no session {session!r}" if session else "the record has no session yet")
        events = [dict(row) for row in connection.execute(EVENTS, {"session": found.id}).mappings()]
        last_ns = connection.execute(LAST_NS, {"session": found.id}).scalar_one() or 0
    return {"session": found.name, "standing": standing(events, last_ns), "events": events}


def standing(events: list[Event], now_ns: int) -> list[Event]:
    """The trips that nothing has released by `now_ns`, oldest first."""
    last: dict[tuple[str, str | None, str | None], Event] = {}
    for event in events:
        last[event["guard"], event["symbol"], event["venue"]] = event
    tripped = [one for one in last.values() if one["kind"] != "RELEASED"]
    return [one for one in tripped if one["release_ns"] is None or one["release_ns"] > now_ns]


def print_guards(found: dict[str, Any], *, as_json: bool) -> None:
    """As a document or as a table."""
    from console.document import print_document

    if as_json:
        print_document(found)
        return
    from rich.table import Table

    from console.page import Page, shown_of

    found, console = shown_of(found), Page()
    console.print(found["session"])
    if not found["events"]:
        console.print("no guard with memory has tripped, nothing was switched off")
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for head in ("row time UTC", "rule", "of", "", "by", "observed", "limit", "until"):
        table.add_column(head, no_wrap=True)
    for one in found["events"]:
        measured = one["kind"] != "RELEASED" and one["cause"] == "ENGINE"
        table.add_row(
            _moment(one["now_ns"]),
            words(one["guard"]),
            of_whom(one),
            one["kind"].lower(),
            one["cause"].lower(),
            _figure(one["observed"]) if measured else "",
            _figure(one["limit"]) if measured else "",
            _moment(one["release_ns"])[6:] if one["release_ns"] else "",
        )
    console.print(table)
    names = ", ".join(f"{words(one['guard'])} ({of_whom(one)})" for one in found["standing"])
    console.print(f"standing: {names or 'none'}")


def of_whom(event: Event) -> str:
    """The symbol or venue an event is of, or the session."""
    return event["symbol"] or event["venue"] or "session"


def words(rule: str) -> str:
    """A rule as a trader calls it."""
    return SHORT.get(rule, rule.lower().replace("_", " "))


def _figure(value: float) -> str:
    """A loss, bps or a count: four digits, and whole numbers where four would not show them."""
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:,.4g}"


def _moment(ns: int) -> str:
    return datetime.fromtimestamp(ns / 1e9, UTC).strftime("%m-%d %H:%M:%S")
