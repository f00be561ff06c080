"""The run of a backtest: source, plan, session, journal, chart, summary, in this order."""

from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.session.backtest import data_digest, run_backtest
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.preset_plan import plan_with_preset
from arbitrage_core.session.proof import prove
from arbitrage_core.session.result import SessionResult
from arbitrage_core.session.rows_fit import rows_notes
from arbitrage_core.storage.disk import make_folder
from console.complaint import ACCEPTED, FAILED
from console.document import print_document
from console.notes import say_notes
from console.preset_named import preset_line, preset_named
from console.progress import RowsProgress
from console.session_folder import session_id, sessions_folder, written_whole
from console.source import Source, Wanted, remember_paths, source_of

if TYPE_CHECKING:
    from arbitrage_core.storage.record.presets import StrategyPreset


@dataclass(frozen=True)
class Order:
    """What the operator asked for."""

    wanted: Wanted
    settings: tuple[str, ...]
    preset: str | None = None
    chart: Path | None = None
    keeps_journal: bool = True
    proves: bool = True
    as_json: bool = False


def run(order: Order) -> int:
    """Runs it, shows the result and gives the exit code. Raises BadInput, InvariantBroken."""
    if order.chart is not None:
        chart_must_be_writable(order.chart)
    source = source_of(order.wanted)
    preset = preset_named(order.preset)
    config = config_of(source, order.settings, order.wanted.seed, preset)
    notes = rows_notes(config, source.feed)
    say_notes(notes)
    session = session_id("backtest", source.label, config.session_key(data_digest(source.feed)))
    result = _run(order, source, config, session, None if preset is None else preset.cited)
    result.document["notes"] = list(notes)
    footer = preset_line(preset)
    if order.keeps_journal:
        folder = sessions_folder() / session
        result.document["journal"] = str(folder)
        footer.append(("journal", str(folder)))
        footer.append(("replay", _replayed(order, source, result, folder) + f" · arb replay {session}"))
    if order.chart is not None:
        from console.chart import write_chart

        write_chart(order.chart, result, source.feed, title=source.label)
        result.document["chart"] = str(order.chart)
        footer.append(("chart", str(order.chart)))
    _show(result, source, footer, as_json=order.as_json)
    return FAILED if result.violations else ACCEPTED


def config_of(
    source: Source, settings: tuple[str, ...], seed: int, preset: "StrategyPreset | None" = None
) -> SessionConfig:
    """The configuration of a session on these rows: the market's settings, the preset's, the operator's. Raises
    BadInput."""
    below = {"params": source.params, "market_overrides": source.market_overrides, "seed": seed}
    return plan_with_preset(preset, settings, lambda all_of: plan_session(Offer.of(source.feed), all_of, **below))


def _run(
    order: Order, source: Source, config: SessionConfig, session: str, preset: dict[str, Any] | None
) -> SessionResult:
    place = written_whole(session) if order.keeps_journal else nullcontext()
    with place as folder, RowsProgress(source.rows, "backtest") as progress:
        if folder is not None:  # before it runs: one that is stopped is to be replayed, too
            make_folder(folder)
            remember_paths(folder, source)
        shown = {"progress": progress, "notice": progress.notice}
        return run_backtest(config, source.feed, folder=folder, name=session, preset=preset, **shown)


def _replayed(order: Order, source: Source, result: SessionResult, folder: Path) -> str:
    """Reads the journal back and replays it, unless told not to; in words."""
    if not order.proves:
        return "not tried"
    with RowsProgress(source.rows, "replay") as progress:
        same = prove(result, folder, source.feed, progress=progress, notice=progress.notice)
    return "identical" if same else "NOT identical"


def _show(result: SessionResult, source: Source, footer: list[tuple[str, str]], *, as_json: bool) -> None:
    if as_json:
        print_document(result.document)
        return
    from console.summary import print_summary

    print_summary(result.document, title=f"Backtest of {source.label} · {traded_names(source)}", footer=footer)


def traded_names(source: Source) -> str:
    """The venues and, if they are few, the symbols."""
    symbols = source.feed.symbols
    return f"{', '.join(source.feed.venues)} · {', '.join(symbols) if len(symbols) <= 4 else f'{len(symbols)} symbols'}"


def chart_must_be_writable(path: Path) -> None:
    """Before any work: the folder is there and no folder bears the chart's name."""
    if path.is_dir() or not path.parent.is_dir():
        raise BadInput(f"no chart can be written to {path}", "name a file in a folder that exists")
