"""The command in vain: one that could change nothing as the session stands, and why. An operator is told, not thanked.

Asked right before a command would be handed to the engine, of the very state it would meet. `docs/engine.md` §7 and §13
say what each does; `IN_VAIN` is the table of phases, the switches are asked by themselves.
"""

import numpy as np

from arbitrage_core.domain.row import ALL_SYMBOLS, Command
from arbitrage_core.engine.state import SessionPhase

ENDS = "the session is flattening, which cannot be taken back: it enters nothing any more; start another session"
HALTED = "a broken invariant has halted the session: it does nothing any more"

IN_VAIN: dict[tuple[SessionPhase, Command], str] = {
    (SessionPhase.ACTIVE, Command.RESUME): "the session is not paused; {standing}",
    (SessionPhase.PAUSED, Command.PAUSE): "the session is paused already",
    (SessionPhase.ENDING, Command.RESUME): ENDS,
    (SessionPhase.ENDING, Command.PAUSE): ENDS,
    (SessionPhase.ENDING, Command.FLATTEN): "the session is flattening already",
    (SessionPhase.ENDING, Command.REDUCE): "the session is flattening: every trade is told to leave already",
    (SessionPhase.ENDING, Command.SYMBOL_OFF): ENDS,
    (SessionPhase.ENDING, Command.SYMBOL_ON): ENDS,
    (SessionPhase.ENDING, Command.GUARD_RELEASE): ENDS,
    **{(SessionPhase.HALTED, command): HALTED for command in Command},
}
"""By the session's phase. A pair that is not here may do something; what the switches say comes after."""


def why_in_vain(state: np.record, command: Command, symbol: int = ALL_SYMBOLS) -> str:
    """Why this command would change nothing; empty when it may. `state`: the engine's, as it stands."""
    reason = IN_VAIN.get((SessionPhase(int(state.phase)), command), "")
    if reason:
        return reason.format(standing=_standing(state))
    if command in (Command.KILL, Command.KILL_RELEASE) and (command == Command.KILL) == bool(state.killed):
        return f"the kill switch is {'on' if state.killed else 'off'} already"
    if command in (Command.SYMBOL_ON, Command.SYMBOL_OFF):
        off = bool(state.symbols[symbol].off)
        if off == (command == Command.SYMBOL_OFF):
            return f"the symbol is {'off' if off else 'on'} already"
    if command == Command.REDUCE and not _reduces(state, symbol):
        return "entries are off already, and every open trade has been told to leave"
    return ""


def _reduces(state: np.record, symbol: int) -> bool:
    """Whether REDUCE would stop entries, or tell a trade to leave that stays."""
    symbols = state.symbols if symbol == ALL_SYMBOLS else state.symbols[symbol : symbol + 1]
    entering = state.phase == SessionPhase.ACTIVE if symbol == ALL_SYMBOLS else not state.symbols[symbol].off
    trades = symbols["trades"]
    return bool(entering) or bool(np.any((trades["phase"] != 0) & (trades["told"] == 0)))


def _standing(state: np.record) -> str:
    """What else may stand in the way of entries in a session that is active."""
    if state.killed:
        return "its kill switch is on: arb kill --release"
    if state.stores_silent:
        return "entries wait for stores that do not answer"
    return "entries are allowed, as far as guards allow them: arb guard list"
