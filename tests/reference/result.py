"""The result of the reference model: what happened, in order, and where everything stood at the end.

Entries have the names and meanings of the records in engine/output.py; fields of theirs that are missing here are not
settled by the documents or are mere bookkeeping (slot, approval).
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from arbitrage_core.domain.trade import Phase


class OrderEntry(NamedTuple):
    """An action asked of a venue. The two books cited are those of legs 0 (buy) and 1 (sell)."""

    now_ns: int
    client_id: int
    trade: int
    attempt: int
    lots: int
    limit_px: float
    decision_px: float
    buy_received_ns: int
    sell_received_ns: int
    buy_bid_px: float
    buy_ask_px: float
    sell_bid_px: float
    sell_ask_px: float
    sequence: int
    worst_exposure_quote: float
    action: int
    symbol: int
    venue: int
    leg: int
    side: int
    style: int
    purpose: int
    stale: int


class ChangeEntry(NamedTuple):
    """A change of an order's state."""

    now_ns: int
    client_id: int
    filled_lots: int
    lots: int
    symbol: int
    before: int
    after: int
    venue: int


class FillEntry(NamedTuple):
    """A booking of executed lots."""

    now_ns: int
    client_id: int
    trade: int
    attempt: int
    lots: int
    cost_quote_amount: int
    fee_amount: int
    cash_reporting_amount: int
    fee_reporting_amount: int
    realised_amount: int
    slippage_amount: int
    symbol: int
    venue: int
    leg: int
    side: int
    purpose: int
    style: int


class TradeEntry(NamedTuple):
    """A trade that ended."""

    number: int
    decided_ns: int
    opened_ns: int
    hedged_ns: int
    leaving_ns: int
    ended_ns: int
    leg_gap_ns: int
    initial_lots: int
    entry_notional_amount: int
    realised_amount: int
    fees_amount: int
    funding_amount: int
    slippage_amount: int
    incident_amount: int
    risk_amount: int
    spread_bps: float
    net_edge_bps: float
    unhedged_quote_s: float
    partial_closes: int
    incidents: int
    symbol: int
    buy_venue: int
    sell_venue: int
    phase: int
    exit_reason: int
    stale: int
    flagged: int


class IncidentEntry(NamedTuple):
    """A leg that stood alone, and what it cost."""

    trade: int
    began_ns: int
    ended_ns: int
    lots: int
    cost_amount: int
    unhedged_quote_s: float
    attempts: int
    symbol: int
    venue: int
    leg: int
    resolution: int
    phase: int
    forced: int


class EquityEntry(NamedTuple):
    """A mark of the session's equity."""

    now_ns: int
    equity_amount: int
    realised_amount: int
    unrealised_amount: int
    revaluation_amount: int


class FundingEntry(NamedTuple):
    """Funding booked to one leg, reporting currency."""

    now_ns: int
    trade: int
    amount: int
    symbol: int
    venue: int
    leg: int


class GuardEntry(NamedTuple):
    """A guard with memory, or a switch, that tripped or was released."""

    now_ns: int
    release_ns: int
    observed: float
    limit: float
    guard: int
    kind: int
    cause: int
    symbol: int
    venue: int


@dataclass
class Log:
    """All that happened, each kind in order of occurrence."""

    orders: list[OrderEntry] = field(default_factory=list)
    changes: list[ChangeEntry] = field(default_factory=list)
    fills: list[FillEntry] = field(default_factory=list)
    trades: list[TradeEntry] = field(default_factory=list)
    incidents: list[IncidentEntry] = field(default_factory=list)
    equity: list[EquityEntry] = field(default_factory=list)
    funding: list[FundingEntry] = field(default_factory=list)
    guards: list[GuardEntry] = field(default_factory=list)


@dataclass
class SymbolFigures:
    """What one symbol came to. `seen` = `taken` + the sum of `missed` + one that still stands, if any."""

    entries: int = 0
    closed: int = 0
    unwound: int = 0
    voids: int = 0
    wins: int = 0
    seen: int = 0
    taken: int = 0
    missed: dict[int, int] = field(default_factory=dict)
    refusals: dict[int, int] = field(default_factory=dict)
    exits: dict[int, int] = field(default_factory=dict)
    realised_amount: int = 0
    position_lots: list[int] = field(default_factory=list)


class OpenTrade(NamedTuple):
    """A trade that had not ended."""

    symbol: int
    number: int
    phase: int
    lots: tuple[int, int]
    basis_amounts: tuple[int, int]
    realised_amount: int
    exit_reason: int
    flagged: bool


@dataclass
class ReferenceResult:
    """Everything a run left. Cash is `[venue][currency]`, positions `[venue][symbol]` (0 where no market is)."""

    log: Log
    symbols: list[SymbolFigures]
    cash_amounts: list[list[int]]
    reserved_amounts: list[list[int]]
    realised_by_venue: list[int]
    venue_cash_amounts: list[list[int]]
    venue_position_lots: list[list[int]]
    open_trades: list[OpenTrade]
    phases: dict[tuple[int, int], Phase]
    start_amount: int
    peak_amount: int
    drawdown_amount: int
    unknown_reports: int

    @property
    def orders(self) -> list[OrderEntry]:
        """Actions asked of the venues."""
        return self.log.orders

    @property
    def changes(self) -> list[ChangeEntry]:
        """Changes of order states."""
        return self.log.changes

    @property
    def fills(self) -> list[FillEntry]:
        """Bookings of executed lots."""
        return self.log.fills

    @property
    def trades(self) -> list[TradeEntry]:
        """Trades that ended."""
        return self.log.trades

    @property
    def incidents(self) -> list[IncidentEntry]:
        """Legs that stood alone, and no longer do."""
        return self.log.incidents

    @property
    def equity(self) -> list[EquityEntry]:
        """Marks."""
        return self.log.equity
