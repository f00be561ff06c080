"""Seeded faults of switches and of guards with memory: each a guard that is off, off by one, or shared."""

import numpy as np

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.row import Command
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.guard_memory import remember_result as sound_remember_result
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


GUARD_FAULTS: dict[str, SeededFault] = {
    "skew guard off": fault({"are_in_step": any_two_moments_will_do}, two_moments, "I9", REFERENCE),
    "kill switch without effect": fault({"session_refusal": nobody_is_stopped}, killed, REFERENCE),
    "losses guard off by one": fault({"remember_result": one_loss_more}, losing, REFERENCE),
    "losses counted for all symbols together": fault({"remember_result": losses_of_all}, losing, REFERENCE),
    "guards forget": fault({"memory_refusal": nothing_is_remembered}, losing, REFERENCE),
}
