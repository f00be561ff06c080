"""Entries of the reference model: candidates, the refusal, the size, the sending (docs/engine.md §3–§6, §11)."""

from dataclasses import dataclass
from math import inf

from arbitrage_core.domain.order import NO_LIMIT_PX, OrderStyle, Purpose
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.strategy import EntryOrder, ExitOrder
from tests.reference.amount import lots_of, ratio
from tests.reference.guards import Guards, Opening, worst_px_of
from tests.reference.market import Market, Symbol
from tests.reference.orders import Orders, State, limit_of
from tests.reference.trade import Leg, Trade

STYLES = {
    EntryOrder.IOC: OrderStyle.IOC,
    EntryOrder.MARKET: OrderStyle.MARKET,
    EntryOrder.GTC: OrderStyle.GTC,
    EntryOrder.POST_ONLY: OrderStyle.POST_ONLY,
}
SECOND_NS = 1_000_000_000


@dataclass
class Side:
    """One leg of the entry under decision."""

    market: Market
    side: int
    reference_px: float = 0.0
    limit_px: float = 0.0
    decision_px: float = 0.0
    worst_px: float = 0.0
    """Worst own price of it."""


@dataclass
class Plan:
    """The chosen pair and what would be sent."""

    buy: Side
    sell: Side
    spread_bps: float
    net_edge_bps: float
    lots: int = 0

    @property
    def sides(self) -> tuple[Side, Side]:
        """By leg."""
        return self.buy, self.sell

    @property
    def openings(self) -> list[Opening]:
        """What the guards are asked for, by leg."""
        return [Opening(side.market, side.side, self.lots, side.worst_px, True) for side in self.sides]


class Entries:
    """Decides entries: at most one a look."""

    def __init__(self, state: State, orders: Orders) -> None:
        self.state, self.orders, self.guards = state, orders, Guards(state)

    def look(self, symbol: Symbol) -> None:
        """The entry part of a look: decides, counts, keeps the opportunity, sends."""
        decision = self._decide(symbol)
        if decision is None:
            self._end_opportunity(symbol)
            return
        refusal, plan = decision
        if refusal != Refusal.NONE:
            symbol.figures.refusals[refusal] = symbol.figures.refusals.get(refusal, 0) + 1
        if refusal != Refusal.NONE and refusal < Refusal.PRICE_MUST_BE_PLAUSIBLE:
            self._end_opportunity(symbol)
            return
        if not symbol.opportunity_stands:
            symbol.opportunity_stands, symbol.opportunity_taken, symbol.first_refusal = True, False, refusal
            symbol.figures.seen += 1
        if refusal == Refusal.NONE and plan is not None:
            if not symbol.opportunity_taken:
                symbol.opportunity_taken = True
                symbol.figures.taken += 1
            self._send(symbol, plan)

    def _end_opportunity(self, symbol: Symbol) -> None:
        if symbol.opportunity_stands and not symbol.opportunity_taken:
            missed = symbol.figures.missed
            missed[symbol.first_refusal] = missed.get(symbol.first_refusal, 0) + 1
        symbol.opportunity_stands = False

    # ------------------------------------------------------------------------------------------------- decisions

    def _decide(self, symbol: Symbol) -> tuple[Refusal, Plan | None] | None:
        """None without a candidate, else the refusal and, from rule 3 on, the chosen pair."""
        state, params = self.state, symbol.params
        candidates = self._candidates(symbol)
        if not candidates:
            return None
        if state.killed:
            return Refusal.KILL_SWITCH_MUST_BE_OFF, None
        if not state.active:
            return Refusal.SESSION_MUST_BE_ACTIVE, None
        if state.stores_silent:
            return Refusal.STORES_MUST_ANSWER, None
        if not symbol.on:
            return Refusal.SYMBOL_MUST_BE_ON, None
        plan, refusal = self._choose(symbol, candidates)
        if plan is None:
            return refusal, None
        if not plan.net_edge_bps > symbol.net_edge_min:
            return Refusal.EDGE_MUST_EXCEED_COSTS, plan
        if not plan.spread_bps <= params.spread_max_bps:
            return Refusal.PRICE_MUST_BE_PLAUSIBLE, plan
        if state.now < symbol.free_from_ns:
            return Refusal.COOLDOWN_MUST_BE_OVER, plan
        if len(symbol.trades) >= params.max_open_trades:
            return Refusal.OPEN_TRADES_MUST_BE_FEWER, plan
        self._size(symbol, plan)
        self._price(symbol, plan)
        if not self._tradable(symbol, plan):
            return Refusal.SIZE_MUST_BE_TRADABLE, plan
        return self._guard(symbol, plan), plan

    def _candidates(self, symbol: Symbol) -> list[tuple[Market, Market, float]]:
        """All ordered pairs whose entry spread is above the floor, by buy and sell venue."""
        floor_bps, found = symbol.params.entry_spread_bps, []
        quoted = [market for market in symbol.markets.values() if market.quoted]
        for buy in quoted:
            for sell in quoted:
                if buy is not sell:
                    spread = ratio(sell.bid - buy.ask, buy.ask) * 1e4
                    if spread > floor_bps:
                        found.append((buy, sell, spread))
        return found

    def _choose(self, symbol: Symbol, candidates: list[tuple[Market, Market, float]]) -> tuple[Plan | None, Refusal]:
        """The usable pair of highest net edge; without one the lowest refusal."""
        chosen: Plan | None = None
        lowest = inf
        for buy, sell, spread in candidates:
            refusals = [refusal for refusal in (self._unusable(symbol, m) for m in (buy, sell)) if refusal]
            if abs(buy.received_ns - sell.received_ns) > symbol.skew_max_ns:
                refusals.append(Refusal.BOOKS_MUST_BE_IN_STEP)
            if refusals:
                lowest = min(lowest, *refusals)
                continue
            net_edge = spread - symbol.costs_bps(buy.terms, sell.terms)
            if chosen is None or net_edge > chosen.net_edge_bps:
                chosen = Plan(Side(buy, 1), Side(sell, -1), spread, net_edge)
        return chosen, Refusal.NONE if chosen is not None else Refusal(int(lowest))

    def _unusable(self, symbol: Symbol, market: Market) -> Refusal:
        if market.unknown_orders:
            return Refusal.MARKET_MUST_NOT_BE_IN_DOUBT
        refusal = symbol.staleness(market, self.state.rates, self.state.now)
        if refusal == Refusal.NONE and symbol.frozen_max_ns is not None:
            if self.state.now - market.moved_ns > symbol.frozen_max_ns:
                return Refusal.BOOK_MUST_MOVE
        return refusal

    def _size(self, symbol: Symbol, plan: Plan) -> None:
        """Walks both books from the first level while spread and edge last (§6); sets lots and reference prices."""
        params, rates = symbol.params, self.state.rates.values
        buy, sell = plan.buy.market, plan.sell.market
        rate_buy, rate_sell = rates[buy.terms.quote], rates[sell.terms.quote]
        costs = symbol.costs_bps(buy.terms, sell.terms)
        if params.notional_quote is not None:
            wanted = lots_of(params.notional_quote / buy.ask, symbol.lot)
        else:
            wanted = lots_of(params.qty_base or 0.0, symbol.lot)
        i = j = taken = 0
        left_buy, left_sell = symbol.level_lots(buy, buy.ask_qty[0]), symbol.level_lots(sell, sell.bid_qty[0])
        while taken < wanted and buy.ask_px[i] > 0 and sell.bid_px[j] > 0:
            ask, bid = buy.ask_px[i] * rate_buy, sell.bid_px[j] * rate_sell
            spread = (bid - ask) / ask * 1e4
            if not (spread > params.entry_spread_bps and spread - costs > symbol.net_edge_min):
                break
            take = min(wanted - taken, left_buy, left_sell)
            if take > 0:
                taken += take
                plan.buy.reference_px, plan.sell.reference_px = buy.ask_px[i], sell.bid_px[j]
            left_buy, left_sell = left_buy - take, left_sell - take
            levels = self.state.config.levels
            next_i, next_j = i + (left_buy == 0), j + (left_sell == 0)
            if next_i >= levels or next_j >= levels:
                break
            if next_i > i:
                left_buy = symbol.level_lots(buy, buy.ask_qty[next_i])
            if next_j > j:
                left_sell = symbol.level_lots(sell, sell.bid_qty[next_j])
            i, j = next_i, next_j
        step = symbol.pair_step(buy, sell)
        plan.lots = taken // step * step

    def _tradable(self, symbol: Symbol, plan: Plan) -> bool:
        if plan.lots < symbol.pair_step(plan.buy.market, plan.sell.market):
            return False
        return all(self._worth_it(symbol, side, plan.lots * symbol.lot) for side in plan.sides)

    def _worth_it(self, symbol: Symbol, side: Side, quantity: float) -> bool:
        """Whether a leg is worth its venue's minimum as the order is priced, and as an exit would be priced now."""
        terms, touch = side.market.terms, side.market.price(side.side)
        order_px = touch if side.limit_px == NO_LIMIT_PX else side.limit_px
        exit_px = side.market.price(-side.side)
        if symbol.params.exit_order != ExitOrder.MARKET:
            exit_px = limit_of(terms, -side.side, exit_px, symbol.params.slippage_bound_bps)
        return all(px > 0 and quantity * px >= terms.min_notional_quote for px in (order_px, exit_px))

    def _price(self, symbol: Symbol, plan: Plan) -> None:
        """Decision, limit and worst prices of both legs."""
        bound, style = symbol.params.slippage_bound_bps, STYLES[symbol.params.entry_order]
        for side in plan.sides:
            terms, touch = side.market.terms, side.market.price(side.side)
            if style == OrderStyle.POST_ONLY:
                side.decision_px = side.market.price(-side.side)
                side.limit_px = limit_of(terms, side.side, side.decision_px, 0.0)
            elif style == OrderStyle.MARKET:
                side.decision_px, side.limit_px = touch, NO_LIMIT_PX
            else:
                side.decision_px = touch
                side.limit_px = limit_of(terms, side.side, side.reference_px, bound)
            side.worst_px = worst_px_of(side.market, side.side, side.limit_px, bound)

    # ---------------------------------------------------------------------------------------------------- guards

    def _guard(self, symbol: Symbol, plan: Plan) -> Refusal:
        """Rules 8 to 11 of §5."""
        refusal = self.guards.refusal(symbol, plan.openings)
        if refusal != Refusal.NONE:
            return refusal
        for side in plan.sides:
            venue = self.state.venues[side.market.terms.venue]
            limit = venue.orders_per_s_max
            if len(venue.submits_ns) >= limit and self.state.now - venue.submits_ns[-limit] < SECOND_NS:
                return Refusal.ORDER_RATE_MUST_STAY_INSIDE
        return self.state.ledger.watch.refusal(symbol.memory, self.state.now)

    # --------------------------------------------------------------------------------------------------- sending

    def _send(self, symbol: Symbol, plan: Plan) -> None:
        state = self.state
        symbol.trade_count += 1
        legs = [
            Leg(index, side.market.terms.venue, side.side, side.decision_px) for index, side in enumerate(plan.sides)
        ]
        trade = Trade(
            number=symbol.trade_count,
            symbol=symbol.index,
            legs=(legs[0], legs[1]),
            decided_ns=state.now,
            spread_bps=plan.spread_bps,
            net_edge_bps=plan.net_edge_bps,
            measured_ns=state.now,
        )
        # What is exposed and needed is reckoned before the first order counts.
        rates, needs = state.rates.values, [self.guards.order_need(symbol, opening) for opening in plan.openings]
        exposures = [
            self.guards.symbol_exposure(symbol, 2 * plan.lots, side.worst_px * rates[side.market.terms.quote])
            for side in plan.sides
        ]
        for leg, opening in zip(legs, plan.openings, strict=True):
            state.ledger.reserve_unwind(symbol, leg, self.guards.unwind_need(symbol, opening))
        symbol.trades[trade.number] = trade
        style = STYLES[symbol.params.entry_order]
        for index, side in enumerate(plan.sides):
            order = self.orders.submit(
                symbol,
                trade,
                index,
                Purpose.ENTRY,
                style,
                plan.lots,
                side.limit_px,
                side.decision_px,
                exposures[index],
                needs[index],
            )
            trade.tried.append(order)
        start_cooldown(symbol, state.now)


def start_cooldown(symbol: Symbol, now_ns: int) -> None:
    """An entry was sent or a trade ended: the symbol rests for a while."""
    symbol.free_from_ns = now_ns + symbol.cooldown_ns
    symbol.cooldown_due_ns = symbol.free_from_ns if symbol.cooldown_ns > 0 else None
