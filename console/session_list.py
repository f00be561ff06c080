"""The sessions of this checkout: those alive, by their heartbeat and live state, and the latest of the record."""

import time
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from arbitrage_core.domain.currency import money_text
from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.money import booking_unit
from arbitrage_core.services import external
from arbitrage_core.services.home import checkout_id, home
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.services.service import Service
from arbitrage_core.services.valkey import Valkey
from arbitrage_core.statistics.amounts import quote_of
from arbitrage_core.storage.live_state.connection import connect
from arbitrage_core.storage.live_state.heartbeat import fresh_sessions
from arbitrage_core.storage.live_state.keys import Namespace
from arbitrage_core.storage.live_state.state_store import LiveState
from arbitrage_core.storage.record.database import Record

RECORDED_SHOWN = 10
LATEST = text("""
    SELECT name, run, mode, status, started_ns, ended_ns, state_hash, recorded_fills AS fills, recorded_trades AS trades
    FROM sessions ORDER BY started_ns DESC LIMIT :most
""")

Sessions = list[dict[str, Any]]


def namespace() -> Namespace:
    """The keys of this checkout."""
    return Namespace(checkout_id())


def redis_url() -> str:
    """Where the live state is. Raises BadInput when it is not running: then no session is."""
    url = address_of_running(external.REDIS, Valkey(home()))
    if url is None:
        raise BadInput("no session runs: the live state is not up", "start one: arb paper --synthetic mixed")
    return url


def living() -> Sessions:
    """The sessions with a fresh heartbeat, and what their live state says of them."""
    url = address_of_running(external.REDIS, Valkey(home()))
    if url is None:
        return []
    with connect(url) as client:
        store = LiveState(client, namespace())
        return [_living(store, name, beat) for name, beat in sorted(fresh_sessions(client, namespace()).items())]


def _living(store: LiveState, name: str, beat: Any) -> dict[str, Any]:
    reading = store.read(name)
    found: dict[str, Any] = {"session": name, "state": str(reading.soundness)}
    if beat is not None:
        found |= {"pid": beat.pid, "epoch": beat.epoch, "started_ns": beat.started_ns, "last_row_ns": beat.last_row_ns}
    sections = reading.sections or {}
    if {"session", "pnl", "counters"} <= set(sections):
        unit = booking_unit(sections["session"]["reporting_currency"])
        counters = sections["counters"].values()
        found |= {
            "phase": _phase(sections["session"]),
            "entries": sum(one["entries"] for one in counters),
            "open": sum(one["in_use"] for one in counters),
            "pnl_quote": quote_of(sections["pnl"]["realised_amount"], unit),
            "currency": sections["session"]["reporting_currency"],
        }
    return found


def _phase(session: dict[str, Any]) -> str:
    """The phase, and what the operator switched off besides."""
    off = [f"{name} off" for name in session.get("symbols_off", ())]
    return ", ".join([session["phase"], *(["KILLED"] if session.get("killed") else []), *off])


def recorded() -> Sessions:
    """The latest sessions of the record, newest first; none when it is not up."""
    url = address_of_running(external.POSTGRES, Postgres(home()))
    if url is None:
        return []
    with Record.open(url) as record, record.begin() as connection:
        return [dict(row) for row in connection.execute(LATEST, {"most": RECORDED_SHOWN}).mappings()]


def address_of_running(outside: external.External, own: Service) -> str | None:
    """The address of a store that is up, password included; nothing is started to list what runs."""
    if outside.url is not None:
        return outside.reached()
    instance = own.find()
    return None if instance is None else own.url(instance.port)


def meant(name: str) -> str:
    """The living session meant by a name, the beginning of one, or nothing when only one lives. Raises BadInput."""
    names = [one["session"] for one in living()]
    if name in names:
        return name
    found = [one for one in names if one.startswith(name)]
    if len(found) == 1:
        return found[0]
    if not names:
        raise BadInput("no session runs", "start one: arb paper --synthetic mixed")
    raise BadInput(
        f"several sessions run: {', '.join(names)}" if found else f"no session {name!r} runs", f"name one of {names}"
    )


def print_sessions(alive: Sessions, latest: Sessions, *, as_json: bool) -> None:
    """Both lists, as a document or as tables."""
    from console.document import print_document

    if as_json:
        print_document({"living": alive, "recorded": latest})
        return
    from rich.table import Table

    from console.page import Page, shown_of

    alive, latest, console = shown_of(alive), shown_of(latest), Page()
    if not alive:
        console.print("no session runs")
    else:
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for head in ("running", "phase", "pid", "since", "entries", "open", "net", "live state"):
            table.add_column(head, no_wrap=head != "running", overflow="fold")
        for one in alive:
            net = _net(one)
            cells = (one.get("phase", "–"), one.get("pid", "–"), _ago(one.get("started_ns", 0)))
            table.add_row(
                one["session"],
                *map(str, cells),
                str(one.get("entries", "–")),
                str(one.get("open", "–")),
                net,
                one["state"],
            )
        console.print(table)
    if latest:
        console.print()
        table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
        for head in ("recorded", "status", "started UTC", "fills", "trades", "state"):
            table.add_column(head, no_wrap=head != "recorded", overflow="fold")
        for one in latest:
            started = datetime.fromtimestamp(one["started_ns"] / 1e9, UTC).strftime("%m-%d %H:%M:%S")
            state = (one["state_hash"] or "–")[:12]
            cells = (one["name"], one["status"], started, one["fills"], one["trades"], state)
            table.add_row(*map(str, cells))
        console.print(table)


def _net(one: dict[str, Any]) -> str:
    if "pnl_quote" not in one:
        return "–"
    return f"{money_text(one['pnl_quote'], one['currency'], signed=True)} {one['currency']}"


def _ago(since_ns: int) -> str:
    seconds = max(0, time.time_ns() - since_ns) // 1_000_000_000
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}" if since_ns else "–"
