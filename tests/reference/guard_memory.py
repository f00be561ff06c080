"""Guards with memory of the reference model: slippage, losses in a row, of a day, drawdown (docs/engine.md §13)."""

from collections import deque
from dataclasses import dataclass, field
from math import inf

from arbitrage_core.domain.refusal import GuardCause, GuardEvent, GuardLevel, Refusal
from arbitrage_core.domain.row import ALL_SYMBOLS
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.domain.strategy import StrategyParams
from tests.reference.result import GuardEntry

FILLS = 16
DAY_NS = 24 * 3600 * 10**9
FOR_GOOD = 1 << 63
NO_VENUE = -1
STEPS = (GuardEvent.TRIPPED, GuardEvent.REDUCED, GuardEvent.FLATTENED)


@dataclass
class Guard:
    """A guard that may have tripped, of a symbol, a venue or (`ALL_SYMBOLS`, no venue) the session; the log of that."""

    rule: Refusal
    symbol: int
    log: list[GuardEntry]
    venue: int = NO_VENUE
    until_ns: int | None = None
    level: GuardLevel = GuardLevel.NONE

    def stands(self, now: int) -> bool:
        """Whether it stands now."""
        return self.until_ns is not None and now < self.until_ns

    def trip(self, now: int, until_ns: int, observed: float, limit: float) -> None:
        """Stands from now on, unless it does."""
        if not self.stands(now):
            self.until_ns, self.level = until_ns, GuardLevel.PAUSE
            release_ns = 0 if until_ns == FOR_GOOD else until_ns
            self._note(GuardEvent.TRIPPED, GuardCause.ENGINE, now, release_ns, observed, limit)

    def rise(self, now: int, observed: float, limits: list[float]) -> bool:
        """Takes each further step whose limit is passed; whether open trades are to leave because of that."""
        before = self.level
        for step, limit in zip(STEPS[before:], limits[before:], strict=True):
            if not observed > limit:
                break
            self.level = GuardLevel(self.level + 1)
            self.until_ns = FOR_GOOD
            self._note(step, GuardCause.ENGINE, now, 0, observed, limit)
        return self.level > before and self.level >= GuardLevel.REDUCE

    def over(self, now: int) -> bool:
        """Whether its time is over, and nobody has taken note of that."""
        return self.until_ns is not None and not self.stands(now)

    def release(self, now: int, cause: GuardCause = GuardCause.ENGINE) -> None:
        """Stands no more."""
        if self.until_ns is not None:
            self._note(GuardEvent.RELEASED, cause, now, 0, 0.0, 0.0)
        self.until_ns, self.level = None, GuardLevel.NONE

    def _note(
        self, kind: GuardEvent, cause: GuardCause, now: int, release_ns: int, observed: float, limit: float
    ) -> None:
        entry = GuardEntry(now, release_ns, observed, limit, self.rule, kind, cause, self.symbol, self.venue)
        self.log.append(entry)


@dataclass
class Memory:
    """What the guards of one symbol remember."""

    params: StrategyParams
    pause_ns: int
    symbol: int
    log: list[GuardEntry] = field(default_factory=list)
    fills: deque[tuple[int, int]] = field(default_factory=lambda: deque(maxlen=FILLS))
    """Excess and notional of the last fills."""
    losses: int = 0
    day_start: int = 0
    on: bool = True
    """Whether the symbol is switched on."""

    def __post_init__(self) -> None:
        self.slippage_guard = Guard(Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED, self.symbol, self.log)
        self.losses_guard = Guard(Refusal.LOSSES_MUST_NOT_RUN_ON, self.symbol, self.log)
        self.day_guard = Guard(Refusal.SYMBOL_DAILY_LOSS_MUST_STAY_INSIDE, self.symbol, self.log)

    def filled(self, slippage: int, notional: int, expected_bps: float, now: int) -> None:
        """A fill."""
        if self.slippage_guard.over(now):
            self.fills.clear()
            self.slippage_guard.release(now)
        self.fills.append((slippage - round(notional * expected_bps * 1e-4), notional))
        limit_bps = self.params.slippage_excess_max_bps
        if len(self.fills) == FILLS and limit_bps != "off":
            excess, dealt = (sum(column) for column in zip(*self.fills, strict=True))
            if excess > limit_bps * 1e-4 * dealt:
                self.slippage_guard.trip(now, now + self.pause_ns, excess / dealt * 1e4, limit_bps)

    def ended(self, realised: int | None, now: int) -> None:
        """A trade ended; `None`: without a fill."""
        if self.losses_guard.over(now):
            self.losses = 0
            self.losses_guard.release(now)
        if realised is None:
            return
        self.losses = self.losses + 1 if realised <= 0 else 0
        limit = self.params.losses_in_a_row_max
        if limit != "off" and self.losses >= limit:
            self.losses_guard.trip(now, now + self.pause_ns, self.losses, limit)

    def switched_off(self, now: int, observed: float, limit: float) -> None:
        """FLATTEN of the symbol."""
        self.on, rule = False, Refusal.SYMBOL_MUST_BE_ON
        event = GuardEntry(now, 0, observed, limit, rule, GuardEvent.TRIPPED, GuardCause.ENGINE, self.symbol, NO_VENUE)
        self.log.append(event)

    def refusal(self, now: int) -> Refusal:
        """The first of them that stands."""
        for guard in (self.slippage_guard, self.losses_guard, self.day_guard):
            if guard.stands(now):
                return guard.rule
        return Refusal.NONE

    def begin_day(self, realised: int, now: int, cause: GuardCause = GuardCause.ENGINE) -> None:
        """Losses of the day count from here on."""
        self.day_start = realised
        self.day_guard.release(now, cause)

    def release(self, realised: int, now: int) -> None:
        """By the operator: all of it."""
        self.slippage_guard.release(now, GuardCause.OPERATOR)
        self.losses_guard.release(now, GuardCause.OPERATOR)
        self.begin_day(realised, now, GuardCause.OPERATOR)
        self.fills.clear()
        self.losses = 0


class Watch:
    """What the guards of the session remember, and the day."""

    def __init__(self, config: SessionConfig, start: int, unit: float, log: list[GuardEntry]) -> None:
        self.config, self.unit = config, unit
        self.day = -1
        self.day_start, self.peak, self.equity = 0, start, start
        self.day_guard = Guard(Refusal.PORTFOLIO_DAILY_LOSS_MUST_STAY_INSIDE, ALL_SYMBOLS, log)
        self.drawdown_guard = Guard(Refusal.DRAWDOWN_MUST_STAY_INSIDE, ALL_SYMBOLS, log)

    def see_day(self, now: int, memories: list[tuple[Memory, int]], realised: int) -> None:
        """At the first event of a UTC day its losses begin; `memories` with what their symbols realised."""
        if now // DAY_NS > self.day:
            self.day, self.day_start = now // DAY_NS, realised
            self.day_guard.release(now)
            for memory, realised_of_symbol in memories:
                memory.begin_day(realised_of_symbol, now)

    def judge(
        self, now: int, symbols: list[tuple[Memory, int, int]], realised: int, equity: int, only: int
    ) -> list[tuple[int, GuardLevel]]:
        """After a booking (of symbol `only`) or a mark. `symbols`: memory, realised, what its incidents would lose now
        (not positive). Gives what goes beyond a pause: of which symbol (or ALL_SYMBOLS), and how far."""
        answers = []
        for memory, of_symbol, standing in symbols:
            if only in (ALL_SYMBOLS, memory.symbol):
                loss = -(of_symbol + standing - memory.day_start) * self.unit
                if memory.day_guard.rise(now, loss, self._limits(memory.params.symbol_daily_loss_max_quote)):
                    answers.append((memory.symbol, memory.day_guard.level))
                    if memory.day_guard.level == GuardLevel.FLATTEN and memory.on:
                        memory.switched_off(now, loss, self._limits(memory.params.symbol_daily_loss_max_quote)[2])
        loss = -(realised - self.day_start + sum(standing for _, _, standing in symbols)) * self.unit
        if self.day_guard.rise(now, loss, self._limits(self.config.portfolio_daily_loss_max_quote)):
            answers.append((ALL_SYMBOLS, self.day_guard.level))
        self.peak, self.equity = max(self.peak, equity), equity
        share = self.config.drawdown_max_share
        of_peak = inf if share == "off" else share * self.peak * self.unit
        limits = self._limits(min(self.config.drawdown_max_quote, of_peak))
        if self.drawdown_guard.rise(now, (self.peak - equity) * self.unit, limits):
            answers.append((ALL_SYMBOLS, self.drawdown_guard.level))
        return answers

    def _limits(self, limit: float) -> list[float]:
        """Of PAUSE, REDUCE and FLATTEN; a step that is off is taken with the next, or never."""
        flatten = inf if self.config.flatten_at == "off" else limit * self.config.flatten_at
        return [limit, flatten if self.config.reduce_at == "off" else limit * self.config.reduce_at, flatten]

    def refusal(self, memory: Memory, now: int) -> Refusal:
        """The first guard with memory that stands in a symbol's way."""
        refusal = memory.refusal(now)
        for guard in (self.day_guard, self.drawdown_guard):
            if refusal == Refusal.NONE and guard.stands(now):
                refusal = guard.rule
        return refusal

    def start_with(self, amount: int) -> None:
        """Capital that came later."""
        self.peak += amount
        self.equity += amount

    def release(self, realised: int, now: int) -> None:
        """By the operator: the session's."""
        self.day_guard.release(now, GuardCause.OPERATOR)
        self.drawdown_guard.release(now, GuardCause.OPERATOR)
        self.day_start, self.peak = realised, self.equity
