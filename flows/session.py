"""The flow `session`: one paper session on a synthetic market, from a form; it can be cancelled and scheduled."""

from datetime import timedelta
from enum import StrEnum
from typing import Any

from prefect import flow, get_run_logger, runtime
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from pydantic import BaseModel, ConfigDict, Field

from arbitrage_core.domain.currency import money_text
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import PRESETS, preset
from arbitrage_core.monitoring.logs.log_book import open_logs
from arbitrage_core.session.backtest import data_digest
from arbitrage_core.session.live_runner import LiveRunner
from arbitrage_core.session.pace import pace_of
from arbitrage_core.session.paper import PaperOrder, run_paper
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.preset_plan import plan_with_preset
from arbitrage_core.session.proof import prove
from arbitrage_core.storage.record.presets import read_named
from flows.complaint import plainly
from flows.grounds import ground
from flows.leaving import Leaving
from flows.report.quantity import bare, money
from flows.report.tables import HASH_CHARACTERS
from flows.run_name import named
from flows.session_page import SessionPage

Market = StrEnum("Market", {name.upper(): name for name in PRESETS})
Market.__doc__ = "; ".join(f"{name}: {chosen.description}" for name, chosen in PRESETS.items())
PACE = r"^(real|max|[0-9]+(\.[0-9]+)?)$"


class Setting(BaseModel):
    """One parameter, as `--set NAME=VALUE` takes it."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1, description="e.g. taker_fee_bps, or market.alpha.BTC/USDT.latency_ms")
    value: str = Field(description="e.g. 4")


class SessionForm(BaseModel):
    """What to run."""

    model_config = ConfigDict(extra="forbid")

    market: Market = Field(
        Market.MIXED,
        description="mixed: about as many wins as losses; high: most win; low: most lose; calm: hardly a trade;"
        " thin: partial fills and legs left alone; wide50: fifty symbols",
    )
    seed: int = Field(0, ge=0, description="another number gives other prices of the same kind")
    rows: int = Field(50_000, ge=1, le=50_000_000, description="end after so many quotes, of all markets together")
    pace: str = Field("max", pattern=PACE, description="real: as fast as the market; max; or a number: times as fast")
    settings: list[Setting] = Field(default_factory=list, description="parameters that are not the market's own")
    preset: str | None = Field(None, description="NAME or NAME@VERSION of a preset (arb preset list), below settings")
    leaves: bool = Field(
        True,
        title="Close open trades when stopped",
        description="Cancel and Pause both stop a session for good, in order. On: open trades leave first; off: they"
        " are left open",
    )


DEFAULT = SessionForm()
DESCRIPTION = (
    "A paper session, recorded and replayed. Cancel and Pause both end it in order and for good: a paused session is"
    " not resumed, start another."
)


@flow(name="session", flow_run_name=named("session {form.market}"), description=DESCRIPTION)
@plainly
def session(form: SessionForm = DEFAULT) -> dict[str, Any]:
    """Runs a paper session and gives its document. Cancel or Suspend (Pause) ends it in order.

    Args:
        form: what to run; every field has a default. Cancel and Pause both end the session in order and for good
    """
    log = get_run_logger()
    here, chosen = ground(log.info), preset(form.market.value)
    feed = SyntheticQuotes(
        chosen.market,
        venues=chosen.venues,
        symbols=chosen.symbols,
        rows=form.rows,
        seed=form.seed,
        levels=chosen.levels,
    )
    used = read_named(here.postgres_url, form.preset) if form.preset else None
    below = {"params": chosen.params, "market_overrides": chosen.market_overrides, "seed": form.seed}
    config = plan_with_preset(
        used,
        [f"{setting.name}={setting.value}" for setting in form.settings],
        lambda settings: plan_session(Offer.of(feed), settings, **below),
    )
    run_id = str(runtime.flow_run.id or "") or None
    key = f"{config.session_key(data_digest(feed)):016x}"
    name = f"paper-{chosen.name}-{key[:8]}-{(run_id or 'here')[:8]}"
    leaving = Leaving(run_id)
    order = PaperOrder(
        config=config,
        feed=feed,
        name=name,
        folder=here.sessions / name,
        factor=pace_of(form.pace),
        postgres_url=here.postgres_url,
        redis_url=here.redis_url,
        checkout_id=here.checkout_id,
        leaves=form.leaves,
        preset=None if used is None else used.cited,
    )
    log.info(f"session {name}; from a terminal: arb session list")
    page = SessionPage(name, form.rows, config.reporting_currency, log.info)

    def look(runner: LiveRunner) -> None:
        leaving.look(runner)
        page.look(runner)

    with open_logs(here.home, name) as book, leaving.watched(), page.shown():
        result = run_paper(order, book, notice=log.info, on_look=look)
    document, currency = result.document, config.reporting_currency
    prove(result, order.folder, None)
    log.info(
        f"session {name}, {document['ending']}: {document['entries']:,} entries, {document['closed_trades']:,} closed,"
        f" PnL {money_text(document['pnl_quote'], currency, signed=True)} {currency}"
    )
    _show(document, currency)
    leaving.conclude()
    if result.violations or not document["record"]["complete"]:
        raise RuntimeError(f"session {name}: {'; '.join(document['laws']) or document['record']['reason']}")
    return {name: document[name] for name in ("session", "rows", "entries", "closed_trades", "pnl_quote", "state_hash")}


def _show(document: dict[str, Any], currency: str) -> None:
    elapsed = timedelta(seconds=round(document["elapsed_s"]))
    net, fees = money_text(document["pnl_quote"], currency, signed=True), money_text(document["fees_quote"], currency)
    lines = [
        f"# {document['session']}",
        f"{document['rows']:,} rows in {elapsed}, {document['ending']}.",
        "",
        f"**{document['entries']:,} entries**: {document['closed_trades']:,} closed, {document['unwound']:,} unwound,",
        f"{document['open']:,} open. **PnL {net} {currency}** net,",
        f"fees {fees} {currency}.",
        "",
        f"State `{document['state_hash'][:HASH_CHARACTERS]}`,",
        f"replay {'identical' if document['identical'] else '**not identical**'},",
        f"record {'equal to the ledger' if document['record']['complete'] else '**incomplete**'}.",
    ]
    create_markdown_artifact(
        "\n".join(lines), key="session", description=f"{document['session']}: {document['ending']}"
    )
    rows = [{"symbol": name, **_figures(figures, currency)} for name, figures in document["per_symbol"].items()]
    create_table_artifact(rows, key="session-symbols", description=f"{document['session']}: by symbol")


def _figures(figures: dict[str, Any], currency: str) -> dict[str, str]:
    return {
        "entries": bare("entries", figures.get("entries")),
        "closed": bare("closed", figures.get("closed_trades")),
        "unwound": bare("unwound", figures.get("unwound")),
        "win rate, %": bare("win_rate", figures.get("win_rate")),
        f"net PnL, {currency}": money(figures.get("pnl_quote"), currency, signed=True),
        f"fees, {currency}": money(figures.get("fees_quote"), currency),
    }
