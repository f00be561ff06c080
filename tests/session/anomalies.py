"""Defects that make a session do what is not trading, each with the market it shows in and the pattern it must show."""

from dataclasses import dataclass

import numpy as np

from arbitrage_core.domain.compiled import Compiled, compiled
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.trade import ExitReason
from arbitrage_core.feeds.row_stream import opaque
from arbitrage_core.session.anomaly import Pattern
from flows.seed_faults import realised_and_a_little
from tests.engine.small_market import EAST, WEST, Tape, pulses, small_config
from tests.seeded_faults import (
    any_pace_will_do,
    fee_skipped,
    fill_booked_twice,
    hasty,
    held,
    hungry,
    leg_left_alone,
    no_cooldown,
    nothing_approved,
    plain,
    realised_missing_at_the_venue,
)

QUIET_MS = 5_000.0


@compiled
def flattered_everywhere(state, symbol, venue, trade, amount):
    """`book_realised` that adds a tenth of each gain to all four sums alike, so that they agree."""
    flattered = amount + (amount // 10 if amount > 0 else 0)
    trade.realised_amount += flattered
    symbol.realised_amount += flattered
    venue.realised_amount += flattered
    state.realised_amount += flattered


@compiled
def never_wishes_to_leave(symbol, terms, unit, trade, fresh, priced, now_ns):
    """`wish_to_leave` that never does."""
    return np.int64(ExitReason.NONE), np.int64(0)


@compiled
def slots_without_end(symbol, terms, now_ns):
    """`pace_refusal` that knows the cooldown alone."""
    return Refusal.NONE if now_ns >= symbol.free_from_ns else Refusal.COOLDOWN_MUST_BE_OVER


@dataclass(frozen=True)
class Planted:
    """What is exchanged, settings and rows, the pattern, and words of the finding."""

    replaced: dict[str, Compiled]
    config: SessionConfig
    rows: np.ndarray
    pattern: Pattern
    words: str


def planted(replaced: dict[str, Compiled], case: tuple[SessionConfig, np.ndarray], pattern: Pattern, words: str):
    """One of them."""
    return Planted(replaced, *case, pattern, words)


def going_on(rows: np.ndarray, seconds: float) -> np.ndarray:
    """The rows, then quotes without a spread every five seconds, for so long."""
    tape, began_ms = Tape(), (int(rows["now_ns"][-1]) - int(Tape().both(0, 1, 1).rows["now_ns"][0])) / 1e6
    for at_ms in np.arange(began_ms + QUIET_MS, began_ms + seconds * 1e3, QUIET_MS).tolist():
        tape.quote(at_ms, EAST, 99.99, 100.01).quote(at_ms, WEST, 99.99, 100.01)
    return np.concatenate([opaque(rows), opaque(tape.rows)]).view(rows.dtype)


def long_held(seconds: float = 120.0) -> tuple[SessionConfig, np.ndarray]:
    """Trades that are held for a second at most, and rows for much longer."""
    return small_config(hold_max_ms=1_000.0), going_on(pulses(3), seconds)


def crowd() -> tuple[SessionConfig, np.ndarray]:
    """Pulses that last for two cooldowns, and one open trade allowed."""
    return small_config(cooldown_ms=90.0, max_open_trades=1), pulses(2)


ANOMALIES: dict[str, Planted] = {
    "fee skipped": planted({"book_fee": fee_skipped}, plain(), Pattern.PNL, "cash in USDT at"),
    "realised missing at the venue": planted(
        {"book_realised": realised_missing_at_the_venue}, plain(), Pattern.PNL, "realised at east"
    ),
    "PnL of the trades flattered": planted(
        {"book_realised": realised_and_a_little}, plain(), Pattern.PNL, "realised of the trades of AAA"
    ),
    "PnL flattered everywhere": planted({"book_realised": flattered_everywhere}, plain(), Pattern.PNL, "realised of"),
    "cooldown ignored": planted({"cool_down": no_cooldown}, hungry(), Pattern.RUNAWAY, "the cooldown is 300 ms"),
    "order rate guard off": planted(
        {"order_rate_refusal": any_pace_will_do}, hasty(), Pattern.RUNAWAY, "beyond the 1 orders that"
    ),
    "open trades not counted": planted(
        {"pace_refusal": slots_without_end}, crowd(), Pattern.RUNAWAY, "2 open trades of AAA, at most 1 may be"
    ),
    "no wish to leave": planted({"wish_to_leave": never_wishes_to_leave}, long_held(), Pattern.NO_EXITS, "stands OPEN"),
    "leg left alone": planted(
        {"fix": leg_left_alone}, (small_config(), going_on(plain()[1], 120.0)), Pattern.NO_EXITS, "no order works at it"
    ),
    "fill booked twice": planted({"book_fill": fill_booked_twice}, held(), Pattern.LAW, "I1: position"),
    "nothing approved": planted({"approve": nothing_approved}, plain(), Pattern.LAW, "order must be approved"),
}
