"""The run of a paper session: source, plan, stores, preflight, session, replay, summary, in this order."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.monitoring.logs.log_book import open_logs
from arbitrage_core.services.home import checkout_id, home
from arbitrage_core.services.preflight import preflight
from arbitrage_core.services.stores import Stores, ensure_stores
from arbitrage_core.session.backtest import data_digest
from arbitrage_core.session.pace import pace_of
from arbitrage_core.session.paper import PaperOrder, run_paper
from arbitrage_core.session.proof import prove
from arbitrage_core.session.result import SessionResult
from arbitrage_core.session.rows_fit import rows_notes
from console.backtest_run import config_of, traded_names
from console.complaint import ACCEPTED, FAILED
from console.document import print_document
from console.notes import say_notes
from console.paper_panel import PaperPanel
from console.preset_named import preset_line, preset_named
from console.progress import RowsProgress
from console.session_folder import session_id, sessions_folder, unused_name
from console.source import Source, Wanted, source_of

ON_STOP = {"flatten": True, "leave": False}
FORBIDDING = {"disk", "services", "live_state"}
"""Findings of the preflight without which nothing is begun; the others are said, and go into the record."""


@dataclass(frozen=True)
class PaperWish:
    """What the operator asked for."""

    wanted: Wanted
    settings: tuple[str, ...]
    preset: str | None = None
    pace: str = "real"
    on_stop: str = "flatten"
    proves: bool = True
    as_json: bool = False


def run(wish: PaperWish) -> int:
    """Runs it, shows the result and gives the exit code. Raises BadInput, InvariantBroken."""
    factor, leaves = pace_of(wish.pace), _leaves(wish.on_stop)
    source = source_of(wish.wanted)
    preset = preset_named(wish.preset)
    config = config_of(source, wish.settings, wish.wanted.seed, preset)
    notes = rows_notes(config, source.feed)
    say_notes(notes)
    name = unused_name(session_id("paper", source.label, config.session_key(data_digest(source.feed))))
    folder = sessions_folder() / name
    with PaperPanel(name, source, wish.pace) as panel:
        stores = ensure_stores(panel.notice)
        order = PaperOrder(
            config=config,
            feed=source.feed,
            name=name,
            folder=folder,
            factor=factor,
            postgres_url=stores.postgres_url,
            redis_url=stores.redis_url,
            checkout_id=checkout_id(),
            leaves=leaves,
            preflight=_preflight(stores, panel),
            preset=None if preset is None else preset.cited,
        )
        with open_logs(home(), name, console=panel.console) as book:
            result = run_paper(order, book, notice=panel.notice, on_look=panel.look)
    replayed = _replayed(wish, result, folder)
    result.document.update(journal=str(folder), notes=list(notes))
    _show(wish, source, result, preset_line(preset), replayed)
    return ACCEPTED if not result.violations and result.document["record"]["complete"] else FAILED


def _leaves(on_stop: str) -> bool:
    if on_stop not in ON_STOP:
        raise BadInput(f"no way to stop: {on_stop!r}", f"choose {' or '.join(ON_STOP)}")
    return ON_STOP[on_stop]


def _preflight(stores: Stores, panel: PaperPanel) -> list[dict[str, Any]]:
    """Sees to a clean start, and gives what was found for the record. Raises BadInput for what forbids to begin."""
    findings = preflight(stores)
    for finding in findings:
        if not finding.ok and finding.name in FORBIDDING:
            raise BadInput(f"preflight: {finding.name}: {finding.detail}", "mend it, or arb reset; see arb status")
        if not finding.ok:
            panel.notice(f"preflight: {finding.name}: {finding.detail}")
    return [asdict(finding) for finding in findings]


def _replayed(wish: PaperWish, result: SessionResult, folder: Path) -> str:
    if not wish.proves or result.document["ending"] == "cut short by the operator":
        return "not tried"
    with RowsProgress(result.document["rows"], "replay") as progress:
        same = prove(result, folder, None, progress=progress, notice=progress.notice)
    return "identical" if same else "NOT identical"


def _show(wish: PaperWish, source: Source, result: SessionResult, preset: list[tuple[str, str]], replayed: str) -> None:
    document = result.document
    if wish.as_json:
        print_document(document)
        return
    from console.summary import print_summary

    footer = [
        *preset,
        ("ended", f"{document['ending']}, at pace {wish.pace}"),
        ("record", _record_line(document["record"], document["session"])),
        ("journal", document["journal"]),
        ("replay", f"{replayed} · arb replay {document['session']}"),
    ]
    print_summary(document, title=f"Paper session on {source.label} · {traded_names(source)}", footer=footer)


def _record_line(record: dict[str, Any], session: str) -> str:
    if not record["complete"]:
        return f"INCOMPLETE: {record['reason']}; later: arb replay {session} --record"
    if record["differences"]:
        return f"DIFFERS: {'; '.join(record['differences'][:3])}"
    return f"equal to the ledger, {record['entries']:,} entries, session number {record['session']}"
