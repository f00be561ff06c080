"""The guard campaigns: markets, limits and orders of an operator under which every rule refuses, and every guard trips.

Each is a real session on the market of D65, changed in one respect. What they have to show is not how much is won but
that each rule was seen to bite, counted in the record (`Stage.required_refusals`, `required_trips`).
"""

from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.feeds.distortion import Distortion
from arbitrage_core.feeds.scripted import Step
from arbitrage_core.laws.standing_guards import EXPOSURES, LOSSES
from flows.stages.stage import Band, Campaign

BTC, ETH, SOL = "BTC/USDT", "ETH/USDT", "SOL/USDT"
MIXED = {BTC: "mixed", ETH: "mixed", SOL: "mixed"}
LOW = {BTC: "low", ETH: "low", SOL: "low"}
SEEDS = (1, 2)


def _ordered(*steps: tuple[float, str, str]) -> tuple[Step, ...]:
    return tuple(Step(at_s=at_s, command=command, symbol=symbol) for at_s, command, symbol in steps)


def _guards(name: str, title: str, settings: tuple[str, ...], **fields: object) -> Campaign:
    sound = {
        "preset": "mixed",
        "symbols": MIXED,
        "rows": 120_000,
        "seeds": SEEDS,
        "closed_least": 20,
        "paper_seed": None,
    }
    return Campaign(name=name, title=title, settings=settings, **{**sound, **fields})


GUARD_CAMPAIGNS = (
    _guards(
        "G1",
        "switches: kill, pause, stores silent, a symbol off, reduce, each released",
        (),
        script=_ordered(
            (200, "KILL", ""),
            (450, "KILL_RELEASE", ""),
            (500, "PAUSE", ""),
            (750, "RESUME", ""),
            (800, "STORES_SILENT", ""),
            (1_050, "STORES_ANSWER", ""),
            (1_100, "SYMBOL_OFF", BTC),
            (1_350, "SYMBOL_ON", BTC),
            *((at_s, "REDUCE", "") for at_s in range(1_400, 1_650, 10)),
            (1_655, "RESUME", ""),
            (1_700, "REDUCE", ETH),
            (1_800, "SYMBOL_ON", ETH),
        ),
    ),
    _guards(
        "G2",
        "books: old, apart, standing still, crossed, feeds down, orders in doubt",
        ("quote_age_max_ms=400", "skew_max_ms=60", "frozen_max_ms=250", "report_loss_rate=0.05"),
        distortions=(Distortion(kind="CROSSED", venue="alpha", from_s=300, until_s=1_000),),
    ),
    _guards(
        "G3",
        "means: size, plausible prices, capital, order rate",
        (
            f"market.alpha.{BTC}.min_notional_quote=5000",
            "spread_max_bps=32",
            "entry_net_edge_bps=6",
            "initial_capital_quote=900",
            "orders_per_s_max=1",
        ),
    ),
    _guards(
        "G4",
        "exposure: of a symbol, a venue, the portfolio",
        (
            f"symbol.{ETH}.symbol_exposure_max_quote=2050",
            "venue.beta.exposure_max_quote=3100",
            "portfolio_exposure_max_quote=7000",
        ),
    ),
    _guards(
        "G5",
        "exposure at its mark: prices move past limits a hair above what is traded",
        (
            "hold_max_ms=120000",
            "stop_loss_bps=off",
            "take_profit=",
            "exit_spread_bps=-20",
            "entry_net_edge_bps=off",
            f"symbol.{SOL}.symbol_exposure_max_quote=2007",
            "venue.beta.exposure_max_quote=2007",
            "portfolio_exposure_max_quote=4012",
        ),
        marks_cross=True,
    ),
    _guards(
        "G6",
        "losses: slippage, losses in a row, of the day, drawdown; released every hundred seconds",
        (
            "losses_in_a_row_max=3",
            "guard_pause_ms=8000",
            "slippage_excess_max_bps=0.2",
            "symbol_daily_loss_max_quote=8",
            "portfolio_daily_loss_max_quote=16",
            "drawdown_max_quote=24",
            "reduce_at=1.05",
            "flatten_at=off",
        ),
        preset="low",
        symbols=LOW,
        script=tuple(
            Step(at_s=at_s, command="GUARD_RELEASE", symbol=symbol)
            for at_s in range(100, 2_000, 100)
            for symbol in ("", BTC, ETH, SOL)
        ),
    ),
    _guards(
        "G7",
        "escalation: losses go past every step, symbols are switched off, the session ends",
        (
            "symbol_daily_loss_max_quote=20",
            "portfolio_daily_loss_max_quote=50",
            "reduce_at=1.02",
            "flatten_at=1.1",
        ),
        preset="low",
        symbols=LOW,
    ),
    _guards(
        "G8",
        "escalation of the drawdown, to the end of the session",
        ("drawdown_max_share=0.005", "reduce_at=1.05", "flatten_at=1.2"),
        preset="low",
        symbols=LOW,
    ),
    _guards(
        "G9",
        "spot, a second currency, funding: sales of what is held, rates that grow old, payments on what is open",
        (
            *(f"market.alpha.{symbol}.kind=spot" for symbol in (BTC, ETH)),
            f"market.alpha.{BTC}.initial_base=0.005",
            f"market.alpha.{ETH}.initial_base=0.4",
            *(f"market.beta.{symbol}.quote_currency=KRW" for symbol in (BTC, ETH, SOL)),
            "min_notional_quote=5",  # at a rate of 1
            "rate_age_max_ms=20000",
        ),
        bands=tuple(Band(figure="closed", symbol=symbol, least=30) for symbol in MIXED),
        script=(
            *(Step(at_s=at_s, currency=1, rate=1.0) for at_s in range(0, 2_000, 5) if at_s % 400 < 250),
            *(
                Step(at_s=at_s, venue=venue, symbol=SOL, funding_rate=0.0001, mark_px=150.0)
                for at_s in range(7, 2_000, 10)
                for venue in ("alpha", "beta")
            ),
        ),
    ),
)

ALL_REFUSALS = tuple(rule.name for rule in Refusal if rule is not Refusal.NONE)
PAUSING = (
    Refusal.KILL_SWITCH_MUST_BE_OFF,
    Refusal.SYMBOL_MUST_BE_ON,
    Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED,
    Refusal.LOSSES_MUST_NOT_RUN_ON,
)
ALL_TRIPS = (
    *(rule.name for rule in (*PAUSING, *EXPOSURES, *LOSSES)),
    *(f"{rule.name} REDUCED" for rule in (*EXPOSURES, *LOSSES)),
    *(f"{rule.name} FLATTENED" for rule in LOSSES),
)
"""As `guard_events.trips_of` names them."""
