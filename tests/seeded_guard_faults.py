"""Seeded faults of switches and of guards with memory: each a guard that is off, off by one, or shared."""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS, Command
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.exposure_guards import exposed as sound_exposed
from arbitrage_core.engine.guard_memory import remember_result as sound_remember_result
from arbitrage_core.engine.loss_guards import judge_losses as sound_judge_losses
from arbitrage_core.engine.loss_guards import tell_all as sound_tell_all
from tests.engine.small_market import WEST, Tape, small_config
from tests.seeded_fault import REFERENCE, SeededFault, fault


@compiled
def any_two_moments_will_do(bought, sold, skew_max_ns):
    """`are_in_step` that asks for no moment."""
    return True


@compiled
def nobody_is_stopped(state, symbol):
    """`session_refusal` that refuses nothing."""
    return Refusal.NONE


@compiled
def nothing_is_remembered(state, params, s, now_ns):
    """`memory_refusal` that refuses nothing."""
    return Refusal.NONE


@compiled
def one_loss_more(state, params, out, s, trade, now_ns):
    """`remember_result` that lets a loss pass unseen while there are none."""
    if trade.realised_amount <= 0 and state.symbols[s].losses_in_a_row == 0 and state.symbols[s].closed % 2 == 1:
        return
    sound_remember_result(state, params, out, s, trade, now_ns)


@compiled
def losses_of_all(state, params, out, s, trade, now_ns):
    """`remember_result` that counts every loss for the first symbol."""
    sound_remember_result(state, params, out, np.int64(0), trade, now_ns)


@compiled
def nobody_is_told(state, symbol):
    """`tell_all` that tells nobody."""
    return


@compiled
def all_are_told(state, params, of_symbol, on_venue, limit_quote):
    """`tell_oldest` that makes every trade leave, of whatever symbol."""
    for s in range(params.symbol_count):
        sound_tell_all(state, state.symbols[s])


@compiled
def a_unit_more(state, params, of_symbol, on_venue, staying):
    """`exposed` that sees a hundredth less than there is."""
    return sound_exposed(state, params, of_symbol, on_venue, staying) - 0.01


@compiled
def every_booking_judges_all(state, params, out, only, now_ns):
    """`judge_losses` that judges each symbol at anybody's booking."""
    sound_judge_losses(state, params, out, np.int64(ALL_SYMBOLS), now_ns)


def two_moments() -> tuple[SessionConfig, np.ndarray]:
    """West rises a moment after east was last heard of, which is still young."""
    tape = Tape().both(0, 100, 100).quote(400, WEST, 100.59, 100.61).both(450, 100, 100.6).both(600, 100, 100)
    return small_config(skew_max_ms=100.0), tape.rows


def killed() -> tuple[SessionConfig, np.ndarray]:
    """The kill switch is thrown before west rises."""
    tape = Tape().both(0, 100, 100).command(5, Command.KILL).both(10, 100, 100.6).both(100, 100, 100)
    return small_config(), tape.rows


def losing() -> tuple[SessionConfig, np.ndarray]:
    """Trades of both symbols that lose, one after the other; two of one symbol in a row are too many."""
    tape = Tape()
    for at_ms in range(0, 2_500, 500):
        for symbol in (0, 1):
            tape.both(at_ms, 100, 100.6, symbol=symbol).both(at_ms + 20, 100, 100.6, symbol=symbol)
        for symbol in (0, 1):
            tape.both(at_ms + 260, 100, 100.9, symbol=symbol)
        for symbol in (0, 1):
            tape.both(at_ms + 300, 100, 100.0, symbol=symbol)
    rows = tape.rows[np.argsort(tape.rows["now_ns"], kind="stable")]
    return small_config(
        symbols=("AAA", "BBB"), hold_max_ms=250.0, max_open_trades=1, cooldown_ms=60.0, losses_in_a_row_max=2
    ), rows


def losing_much() -> tuple[SessionConfig, np.ndarray]:
    """The same, and a loss of the day that reduces at once."""
    config, rows = losing()
    params = config.params.model_copy(
        update={"losses_in_a_row_max": "off", "symbol_daily_loss_max_quote": 0.1, "max_open_trades": 2}
    )
    return config.model_copy(update={"params": params, "reduce_at": 1.0, "flatten_at": 1_000.0}), rows


def lone_beside_losing() -> tuple[SessionConfig, np.ndarray]:
    """A leg of BBB stands alone and falls between two full seconds, in which AAA books."""
    tape = Tape().both(0, 100, 100.6, symbol=1).quote(2, WEST, 100.0, 100.02, symbol=1)
    for at_ms in range(20, 990, 100):
        tape.quote(at_ms, 0, 99.2, 99.22, symbol=1)
    tape.both(100, 100, 100.6).both(130, 100, 100.6).both(400, 100, 100).both(500, 100, 100)
    tape.both(930, 100, 100.6, symbol=1).quote(950, 0, 100.2, 100.22, symbol=1).both(1_900, 100, 100.6, symbol=1)
    rows = tape.rows[np.argsort(tape.rows["now_ns"], kind="stable")]
    hold = {"single_leg_policy": "hold", "single_leg_deadline_ms": 60_000.0, "symbol_daily_loss_max_quote": 0.5}
    return small_config(symbols=("AAA", "BBB"), max_open_trades=1, **hold), rows


def exposed_to_a_rise() -> tuple[SessionConfig, np.ndarray]:
    """Two trades each of two symbols; AAA rises to a hundredth over its limit, 4 × 103.99."""
    tape = Tape()
    for at_ms in (0, 20):
        tape.both(at_ms, 100, 100.6).both(at_ms, 100, 100.6, symbol=1)
    tape.both(980, 103.98, 103.98).both(1_200, 103.98, 103.98).both(1_240, 103.98, 103.98)
    stays = {"cooldown_ms": 15.0, "exit_spread_bps": -5_000.0, "max_open_trades": 2, "hold_max_ms": 1e6}
    return small_config(symbols=("AAA", "BBB"), symbol_exposure_max_quote=4 * 103.99 - 0.005, **stays), tape.rows


GUARD_FAULTS: dict[str, SeededFault] = {
    "skew guard off": fault({"are_in_step": any_two_moments_will_do}, two_moments, "I9", REFERENCE),
    "kill switch without effect": fault({"session_refusal": nobody_is_stopped}, killed, REFERENCE),
    "losses guard off by one": fault({"remember_result": one_loss_more}, losing, REFERENCE),
    "losses counted for all symbols together": fault({"remember_result": losses_of_all}, losing, REFERENCE),
    "losses reduce nothing": fault({"tell_all": nobody_is_told}, losing_much, REFERENCE),
    "a symbol is judged at another's booking": fault(
        {"judge_losses": every_booking_judges_all}, lone_beside_losing, REFERENCE
    ),
    "exposure off by one": fault({"exposed": a_unit_more}, exposed_to_a_rise, REFERENCE),
    "exposure of one reduces all": fault({"tell_oldest": all_are_told}, exposed_to_a_rise, REFERENCE),
    "guards forget": fault({"memory_refusal": nothing_is_remembered}, losing, REFERENCE),
}
