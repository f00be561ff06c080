"""One leg alone, in the reference model: what follows when no order of a trade works any more (docs/engine.md §9)."""

from arbitrage_core.domain.order import NO_LIMIT_PX, OrderStyle, Purpose
from arbitrage_core.domain.refusal import Refusal
from arbitrage_core.domain.strategy import LegPolicy
from arbitrage_core.domain.trade import ExitReason, Phase
from tests.reference.amount import ratio
from tests.reference.entries import start_cooldown
from tests.reference.exits import Exits
from tests.reference.guards import Guards, Opening, worst_px_of
from tests.reference.market import Symbol
from tests.reference.orders import Orders, State, bounded, limit_of
from tests.reference.result import IncidentEntry, TradeEntry
from tests.reference.trade import Incident, Leg, Trade


class LonelyLegs:
    """Ends, hedges or repairs trades that are OPENING, UNWINDING or CLOSING."""

    def __init__(self, state: State, orders: Orders, exits: Exits) -> None:
        self.state, self.orders, self.exits, self.guards = state, orders, exits, Guards(state)

    def settle(self, symbol: Symbol, trade: Trade) -> None:
        """The last working order of a trade has just become final."""
        self._finish_try(symbol, trade)
        self._go_on(symbol, trade)

    def manage(self, symbol: Symbol, trade: Trade) -> None:
        """A look or a timer: an imbalance is tried again, an OPEN trade's exits are decided."""
        if trade.working:
            return
        if trade.phase == Phase.OPEN:
            self.exits.decide(symbol, trade)
        else:
            self._go_on(symbol, trade)

    def _finish_try(self, symbol: Symbol, trade: Trade) -> None:
        """Paces the next try. Exits and repairs have a pace of their own; entries are never tried again."""
        filled = sum(order.filled_lots for order in trade.tried)
        rest = sum(order.rest_lots for order in trade.tried)
        if trade.trying_exit:
            trade.exit_pace.after(filled, rest, self.state.now, symbol.retry_ns)
        elif trade.incident is not None:
            trade.fix_pace.after(filled, rest, self.state.now, symbol.retry_ns)
        trade.tried, trade.trying_exit = [], False

    def _go_on(self, symbol: Symbol, trade: Trade) -> None:
        long, short = (leg.lots for leg in trade.legs)
        if long == short == 0:
            self._end(symbol, trade)
            return
        complete, reverse = self._lots(symbol, trade)
        # A closing leg that trades only in larger steps than the rest it holds too much cannot be repaired:
        # the trade goes on and is closed whole later.
        if reverse == 0 and (complete == 0 or trade.phase == Phase.CLOSING):
            self._hedged(symbol, trade)
            return
        if trade.incident is None:
            began = trade.imbalance_ns if trade.imbalance_ns is not None else self.state.now
            if trade.imbalance_ns is None:
                trade.measure_imbalance(symbol.lot, began)
                trade.watch_imbalance(began)
            trade.incident = Incident(began, abs(trade.imbalance), trade.lead.index, trade.phase)
            trade.incidents += 1
        self._repair(symbol, trade, trade.incident, complete, reverse)

    def _lots(self, symbol: Symbol, trade: Trade) -> tuple[int, int]:
        """How many lots completing and reversing would take, on the steps of their markets."""
        surplus = abs(trade.imbalance)
        lag_step = symbol.markets[trade.lag.venue].terms.step_lots
        lead_step = symbol.markets[trade.lead.venue].terms.step_lots
        return surplus // lag_step * lag_step, surplus // lead_step * lead_step

    def _hedged(self, symbol: Symbol, trade: Trade) -> None:
        self._end_incident(symbol, trade)
        trade.phase = Phase.OPEN
        trade.imbalance_ns = None
        if trade.hedged_ns == 0:
            trade.hedged_ns, trade.initial_lots = self.state.now, trade.legs[0].lots
        if not trade.sticky:
            trade.exit_reason = ExitReason.NONE
        self.exits.decide(symbol, trade)

    # --------------------------------------------------------------------------------------------------- repairs

    def _repair(self, symbol: Symbol, trade: Trade, incident: Incident, complete: int, reverse: int) -> None:
        now, lead, lag = self.state.now, trade.lead, trade.lag
        if now < trade.fix_pace.not_before_ns:
            return
        forced = now >= incident.began_ns + symbol.deadline_ns
        incident.forced = incident.forced or forced
        if trade.phase == Phase.CLOSING:
            if forced or not self._stale(symbol, lead):
                self._send(symbol, trade, lead, Purpose.EXIT, reverse, forced)
        elif forced and reverse > 0:
            self._send(symbol, trade, lead, Purpose.REVERSE, reverse, forced)
        elif forced:
            if not self._stale(symbol, lag) and self._guarded(symbol, trade, complete, forced) == Refusal.NONE:
                self._send(symbol, trade, lag, Purpose.COMPLETE, complete, forced)
            else:
                trade.flagged = True
                trade.fix_pace.after(0, complete, now, symbol.retry_ns)
        else:
            purpose = self._by_policy(symbol, trade, complete, reverse)
            if purpose == Purpose.COMPLETE:
                self._send(symbol, trade, lag, purpose, complete, forced)
            elif purpose == Purpose.REVERSE:
                self._send(symbol, trade, lead, purpose, reverse, forced)

    def _opening(self, symbol: Symbol, trade: Trade, lots: int, forced: bool) -> Opening:
        """What completing would open."""
        lag, market = trade.lag, symbol.markets[trade.lag.venue]
        limit = NO_LIMIT_PX if forced else self._completion_limit(symbol, lag)
        worst_px = worst_px_of(market, lag.side, limit, symbol.params.slippage_bound_bps)
        return Opening(market, lag.side, lots, worst_px, False)

    def _guarded(self, symbol: Symbol, trade: Trade, lots: int, forced: bool) -> Refusal:
        if self.state.killed:
            return Refusal.KILL_SWITCH_MUST_BE_OFF
        if not forced and not self._completion_limit(symbol, trade.lag) > 0:
            return Refusal.SIZE_MUST_BE_TRADABLE
        return self.guards.refusal(symbol, [self._opening(symbol, trade, lots, forced)])

    def _completion_limit(self, symbol: Symbol, leg: Leg) -> float:
        """The touch and the slippage bound, but within the completion bound of the entry's decision price."""
        market, params, side = symbol.markets[leg.venue], symbol.params, leg.side
        furthest = leg.decision_px * (1 + side * params.complete_bound_bps * 1e-4)
        px = market.price(side) * (1 + side * params.slippage_bound_bps * 1e-4)
        return bounded(market.terms, side, px, furthest)

    def _stale(self, symbol: Symbol, leg: Leg) -> bool:
        return self.state.stale(symbol, symbol.markets[leg.venue])

    def _by_policy(self, symbol: Symbol, trade: Trade, complete: int, reverse: int) -> Purpose | None:
        """COMPLETE, REVERSE, or None: wait."""
        policy = symbol.params.single_leg_policy
        if policy == LegPolicy.HOLD:
            return None
        complete_cost = self._cost_of_completing(symbol, trade, complete) if complete > 0 else None
        reverse_cost = self._cost_of_reversing(symbol, trade) if reverse > 0 else None
        if policy == LegPolicy.COMPLETE:
            return Purpose.COMPLETE if complete_cost is not None else None
        if policy == LegPolicy.REVERSE:
            return Purpose.REVERSE if reverse_cost is not None else None
        if complete_cost is not None and (reverse_cost is None or complete_cost <= reverse_cost):
            cost, purpose = complete_cost, Purpose.COMPLETE
        elif reverse_cost is not None:
            cost, purpose = reverse_cost, Purpose.REVERSE
        else:
            return None
        return purpose if cost <= symbol.params.hold_risk_bps else None

    def _cost_of_completing(self, symbol: Symbol, trade: Trade, lots: int) -> float | None:
        """In bps; None when not allowed."""
        lag, market = trade.lag, symbol.markets[trade.lag.venue]
        if not (self.state.active and symbol.on) or self._stale(symbol, lag):
            return None
        if self.state.ledger.watch.refusal(symbol.memory, self.state.now) != Refusal.NONE:
            return None
        adverse = lag.side * ratio(market.price(lag.side) - lag.decision_px, lag.decision_px) * 1e4
        if not adverse <= symbol.params.complete_bound_bps:
            return None
        if self._guarded(symbol, trade, lots, False) != Refusal.NONE:
            return None
        fee_lag, fee_lead = market.terms.taker_fee_bps, symbol.markets[trade.lead.venue].terms.taker_fee_bps
        return adverse + fee_lag + fee_lead + fee_lag + symbol.params.exit_spread_bps - trade.spread_bps

    def _cost_of_reversing(self, symbol: Symbol, trade: Trade) -> float | None:
        """In bps; None when not allowed."""
        lead, market = trade.lead, symbol.markets[trade.lead.venue]
        if self._stale(symbol, lead):
            return None
        paid = lead.opened_cost_quote * market.terms.unit / (lead.opened_lots * symbol.lot)
        return lead.side * (paid - market.price(-lead.side)) / paid * 1e4 + market.terms.taker_fee_bps

    def _send(self, symbol: Symbol, trade: Trade, leg: Leg, purpose: Purpose, lots: int, forced: bool) -> None:
        """One repairing order: limit IOC within its bounds, or market when forced."""
        market = symbol.markets[leg.venue]
        side = leg.side if purpose == Purpose.COMPLETE else -leg.side
        px, bound = market.price(side), symbol.params.slippage_bound_bps
        style = OrderStyle.MARKET if forced else OrderStyle.IOC
        if forced:
            limit = NO_LIMIT_PX
        elif purpose == Purpose.COMPLETE:
            limit = self._completion_limit(symbol, leg)
        else:
            limit = limit_of(market.terms, side, px, bound)
            if not limit > 0:
                style, limit = OrderStyle.MARKET, NO_LIMIT_PX
        if purpose == Purpose.REVERSE:
            trade.phase = Phase.UNWINDING
        if trade.incident is not None:
            trade.incident.attempts += 1
            trade.incident.resolution = purpose
        exposure, need = 0.0, 0
        if purpose == Purpose.COMPLETE:
            opening = self._opening(symbol, trade, lots, forced)
            rate = self.state.rates.values[market.terms.quote]
            exposure = self.guards.symbol_exposure(symbol, lots, opening.worst_px * rate)
            need = self.guards.order_need(symbol, opening)
        trade.tried = [self.orders.submit(symbol, trade, leg.index, purpose, style, lots, limit, px, exposure, need)]

    # ------------------------------------------------------------------------------------------------------ ends

    def _end_incident(self, symbol: Symbol, trade: Trade) -> None:
        incident, trade.incident = trade.incident, None
        if incident is None:
            return
        trade.incident_cost += incident.cost
        trade.measure_imbalance(symbol.lot, self.state.now)
        self.state.log.incidents.append(
            IncidentEntry(
                trade=trade.number,
                began_ns=incident.began_ns,
                ended_ns=self.state.now,
                lots=incident.lots,
                cost_amount=incident.cost,
                unhedged_quote_s=trade.unhedged_quote_s - trade.unhedged_before,
                attempts=incident.attempts,
                symbol=symbol.index,
                venue=trade.legs[incident.leg].venue,
                leg=incident.leg,
                resolution=incident.resolution,
                phase=incident.phase,
                forced=int(incident.forced),
            )
        )

    def _end(self, symbol: Symbol, trade: Trade) -> None:
        """Both legs are empty: the trade is over."""
        self._end_incident(symbol, trade)
        figures, now = symbol.figures, self.state.now
        if trade.phase == Phase.CLOSING:
            trade.phase = Phase.CLOSED
            figures.closed += 1
            figures.exits[trade.exit_reason] = figures.exits.get(trade.exit_reason, 0) + 1
        elif trade.opened_ns:
            trade.phase = Phase.UNWOUND
            figures.unwound += 1
        else:
            trade.phase = Phase.VOID
            figures.voids += 1
        if trade.phase != Phase.VOID and trade.realised > 0:
            figures.wins += 1
        symbol.memory.ended(None if trade.phase == Phase.VOID else trade.realised, now)
        self.state.ledger.release_all(symbol, trade)
        self.orders.forget(trade)
        del symbol.trades[trade.number]
        self.state.log.trades.append(self._entry(symbol, trade))
        start_cooldown(symbol, now)

    def _entry(self, symbol: Symbol, trade: Trade) -> TradeEntry:
        long, short = trade.legs
        both = long.first_fill_ns and short.first_fill_ns
        notional = round((long.opened_cost + short.opened_cost) / 2)
        stop = symbol.params.stop_loss_bps
        return TradeEntry(
            number=trade.number,
            decided_ns=trade.decided_ns,
            opened_ns=trade.opened_ns,
            hedged_ns=trade.hedged_ns,
            leaving_ns=trade.leaving_ns,
            ended_ns=self.state.now,
            leg_gap_ns=abs(long.first_fill_ns - short.first_fill_ns) if both else -1,
            initial_lots=trade.initial_lots,
            entry_notional_amount=notional,
            realised_amount=trade.realised,
            fees_amount=trade.fees,
            funding_amount=trade.funding,
            slippage_amount=trade.slippage,
            incident_amount=trade.incident_cost,
            risk_amount=0 if stop == "off" else round(stop * 1e-4 * notional),
            spread_bps=trade.spread_bps,
            net_edge_bps=trade.net_edge_bps,
            unhedged_quote_s=trade.unhedged_quote_s,
            partial_closes=trade.partial_closes,
            incidents=trade.incidents,
            symbol=symbol.index,
            buy_venue=long.venue,
            sell_venue=short.venue,
            phase=trade.phase,
            exit_reason=trade.exit_reason if trade.phase == Phase.CLOSED else ExitReason.NONE,
            stale=int(trade.stale),
            flagged=int(trade.flagged),
        )
