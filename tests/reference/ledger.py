"""The ledger of the reference model: cash, reserves, bookings and marks, in integers (docs/engine.md §10, §12)."""

from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.order import Purpose
from arbitrage_core.domain.refusal import GuardLevel
from arbitrage_core.domain.session import SessionConfig
from tests.reference.amount import Rates, amount_of, share_of
from tests.reference.guard_memory import Watch
from tests.reference.market import Market, Symbol
from tests.reference.result import EquityEntry, FillEntry, FundingEntry, Log
from tests.reference.trade import Leg, Order, Trade


def capital_of(config: SessionConfig) -> list[int]:
    """Start capital per venue, reporting currency: equal parts, the first venue takes what does not divide.

    0 for a venue at home in another currency, which gets its part at that currency's first rate: `share_at_rate`.
    """
    total = amount_of(config.initial_capital_quote, booking_unit(config.reporting_currency))
    part, rest = divmod(total, len(config.venues))
    homes = [config.home_currency(venue.name) for venue in config.venues]
    return [0 if home else part + rest * (index == 0) for index, home in enumerate(homes)]


def share_at_rate(config: SessionConfig, venue: int, currency: int, rate: float) -> int:
    """What a venue starts with when its home currency's first rate is heard; 0 for any other currency."""
    if config.home_currency(config.venues[venue].name) != currency:
        return 0
    return amount_of(
        config.initial_capital_quote / len(config.venues) / rate, booking_unit(config.currencies[currency])
    )


class Ledger:
    """What the engine believes it owns, and what it made."""

    def __init__(self, config: SessionConfig, symbols: list[Symbol], rates: Rates, log: Log) -> None:
        capital, currencies = capital_of(config), len(config.currencies)
        self.symbols, self.rates, self.log = symbols, rates, log
        self.unit = rates.units[0]
        self.cash = [[amount] + [0] * (currencies - 1) for amount in capital]
        self.carried = [[0] * currencies for _ in capital]
        """What the bookings in other currencies came to when they were converted, reporting currency."""
        self.reserved = [[0] * currencies for _ in capital]
        self.realised_by_venue = [0] * len(capital)
        self.start = self.peak = sum(capital)
        self.realised = self.drawdown = 0
        self.watch = Watch(config, self.start, self.unit, log.guards)

    # ------------------------------------------------------------------------------------------------- bookings

    def fund(self, config: SessionConfig, currency: int, rate: float) -> None:
        """The first rate of a currency: venues at home in it get their capital."""
        for venue in range(len(self.cash)):
            amount = share_at_rate(config, venue, currency, rate)
            self._start_with(self.book_cash(venue, currency, amount) if amount else 0)

    def _start_with(self, amount: int) -> None:
        self.start += amount
        self.peak += amount
        self.watch.start_with(amount)

    def book_cash(self, venue: int, currency: int, amount: int) -> int:
        """Adds a signed amount to a venue's cash; the amount in the reporting currency."""
        converted = self.rates.convert(amount, currency)
        self.cash[venue][currency] += amount
        self.carried[venue][currency] += converted
        return converted

    def realise(self, symbol: Symbol, trade: Trade, venue: int, amount: int) -> None:
        """Realised money, booked to trade, symbol, venue and session alike."""
        trade.realised += amount
        symbol.figures.realised_amount += amount
        self.realised_by_venue[venue] += amount
        self.realised += amount

    def book_fill(self, symbol: Symbol, trade: Trade, order: Order, lots: int, cost: int, fee: int, now: int) -> None:
        """A fill of `lots` for `cost` quote and `fee` fee currency amounts: the growth since the last booking."""
        market, leg = symbol.markets[order.venue], trade.legs[order.leg]
        terms = market.terms
        trade.measure_imbalance(symbol.lot, now)
        cash = self.book_cash(order.venue, terms.quote, -order.side * cost)
        fee_reporting = -self.book_cash(order.venue, terms.fee, -fee)
        market.position_lots += order.side * lots
        gain = 0
        if order.opens:
            leg.basis, leg.lots = leg.basis + cash, leg.lots + lots
            leg.opened_lots, leg.opened_cost_quote = leg.opened_lots + lots, leg.opened_cost_quote + cost
            leg.opened_cost += abs(cash)
        else:
            released = share_of(leg.basis, lots, leg.lots)
            leg.basis, leg.lots = leg.basis - released, leg.lots - lots
            gain = released + cash
        realised = gain - fee_reporting
        self.realise(symbol, trade, order.venue, realised)
        slippage = self._slippage(market, order, lots, cost, order.decision_px)
        trade.fees, trade.slippage = trade.fees + fee_reporting, trade.slippage + slippage
        symbol.memory.filled(slippage, abs(cash), terms.slippage_bps, now)
        if trade.incident is not None:
            if order.purpose == Purpose.REVERSE:
                trade.incident.cost += fee_reporting - gain
            else:
                planned_px = leg.decision_px if order.opens else leg.exit_px
                trade.incident.cost += self._slippage(market, order, lots, cost, planned_px)
        self._note_first_fills(symbol, trade, order, now)
        trade.watch_imbalance(now)
        self.log.fills.append(
            FillEntry(
                now_ns=now,
                client_id=order.client_id,
                trade=trade.number,
                attempt=order.attempt,
                lots=lots,
                cost_quote_amount=cost,
                fee_amount=fee,
                cash_reporting_amount=cash,
                fee_reporting_amount=fee_reporting,
                realised_amount=realised,
                slippage_amount=slippage,
                symbol=symbol.index,
                venue=order.venue,
                leg=order.leg,
                side=order.side,
                purpose=order.purpose,
                style=order.style,
            )
        )

    def _slippage(self, market: Market, order: Order, lots: int, cost: int, decision_px: float) -> int:
        """How much worse than the decision price a fill was, reporting currency."""
        terms = market.terms
        expected = amount_of(lots * terms.lot * decision_px, terms.unit)
        return self.rates.convert(order.side * (cost - expected), terms.quote)

    def _note_first_fills(self, symbol: Symbol, trade: Trade, order: Order, now: int) -> None:
        leg = trade.legs[order.leg]
        if leg.first_fill_ns == 0:
            leg.first_fill_ns = now
        if trade.opened_ns == 0:
            trade.opened_ns = now
            symbol.figures.entries += 1

    def book_funding(self, market: Market, rate: float, mark_px: float, now: int) -> bool:
        """A FUNDING row of a perpetual, split over the legs held there; the last one takes the rest. False: none."""
        terms, position = market.terms, market.position_lots
        if terms.spot or position == 0:
            return False
        symbol = self.symbols[terms.symbol]
        total = -amount_of(position * terms.lot * mark_px * rate, terms.unit)
        held = [
            (trade, leg)
            for trade in symbol.trades.values()
            for leg in trade.legs
            if leg.venue == terms.venue and leg.lots > 0
        ]
        left = total
        for trade, leg in held:
            last = leg is held[-1][1]
            part = left if last else round(total * (leg.side * leg.lots / position))
            left -= part
            amount = self.book_cash(terms.venue, terms.quote, part)
            trade.funding += amount
            self.realise(symbol, trade, terms.venue, amount)
            self.log.funding.append(FundingEntry(now, trade.number, amount, symbol.index, terms.venue, leg.index))
        return True

    # ---------------------------------------------------------------------------------------------------- marks

    def unrealised_of(self, symbol: Symbol, trade: Trade) -> int:
        """What closing at the touch would add, before fees (§10)."""
        total = 0
        for leg in trade.legs:
            if leg.lots > 0:
                market = symbol.markets[leg.venue]
                px = market.mark_px(leg.side)
                rate = self.rates.values[market.terms.quote]
                total += leg.basis + leg.side * amount_of(leg.lots * symbol.lot * px * rate, self.unit)
        return total

    def inventory_value(self, market: Market) -> int:
        """The start inventory of a spot market at the touch, reporting currency."""
        rate = self.rates.values[market.terms.quote]
        return amount_of(market.terms.initial_lots * market.terms.lot * market.mark_bid_px * rate, self.unit)

    def revaluation(self) -> int:
        """What the start inventory and the balances in other currencies gained since they were booked."""
        total = 0
        for venue, balances in enumerate(self.cash):
            for currency in range(1, len(balances)):
                if balances[currency] or self.carried[venue][currency]:
                    total += self.rates.convert(balances[currency], currency) - self.carried[venue][currency]
        for symbol in self.symbols:
            for market in symbol.markets.values():
                if market.first_value is not None:
                    total += self.inventory_value(market) - market.first_value
        return total

    def note_inventory(self, market: Market) -> None:
        """A spot inventory enters the equity as soon as its market has shown a bid and its currency a rate."""
        rate = self.rates.values[market.terms.quote]
        if market.terms.initial_lots > 0 and market.first_value is None and market.mark_bid_px * rate > 0:
            market.first_value = self.inventory_value(market) or None
            self._start_with(market.first_value or 0)

    def mark(self, now: int, only: int) -> list[tuple[int, GuardLevel]]:
        """Marks the equity; keeps peak and deepest drawdown; judges losses, of symbol `only` or all (`Watch.judge`)."""
        unrealised = sum(
            self.unrealised_of(symbol, trade) for symbol in self.symbols for trade in symbol.trades.values()
        )
        revaluation = self.revaluation()
        equity = self.start + self.realised + unrealised + revaluation
        self.peak = max(self.peak, equity)
        self.drawdown = max(self.drawdown, self.peak - equity)
        self.log.equity.append(EquityEntry(now, equity, self.realised, unrealised, revaluation))
        standing = [
            (
                symbol.memory,
                symbol.figures.realised_amount,
                sum(min(self.unrealised_of(symbol, t), 0) for t in symbol.trades.values() if t.incident is not None),
            )
            for symbol in self.symbols
        ]
        return self.watch.judge(now, standing, self.realised, equity, only)

    def see_day(self, now: int) -> None:
        """Before any event."""
        self.watch.see_day(now, [(s.memory, s.figures.realised_amount) for s in self.symbols], self.realised)

    # ------------------------------------------------------------------------------------------------- reserves

    def free(self, venue: int, currency: int) -> float:
        """What a venue has left to set aside in a currency (§11)."""
        free = float(self.cash[venue][currency])
        for symbol in self.symbols:
            market = symbol.markets.get(venue)
            if market is None or market.terms.spot or market.terms.quote != currency or market.position_lots == 0:
                continue
            terms, lots = market.terms, market.position_lots
            px = market.mark_px(lots)
            free += lots * terms.lot * px / terms.unit
            free -= abs(lots) * terms.lot * px * terms.margin_rate / terms.unit
        return free - self.reserved[venue][currency]

    def reserve_unwind(self, symbol: Symbol, leg: Leg, amount: int) -> None:
        """Sets money aside for a leg's unwind, until the trade ends."""
        leg.unwind_reserve = amount
        self.reserved[leg.venue][symbol.markets[leg.venue].terms.quote] += amount

    def reserve_order(self, symbol: Symbol, order: Order, amount: int) -> None:
        """Sets money aside for an opening order, before it is sent."""
        order.reserve = order.reserve_full = amount
        self.reserved[order.venue][symbol.markets[order.venue].terms.quote] += amount

    def keep_reserve(self, symbol: Symbol, order: Order) -> None:
        """Keeps of an order's reserve the share of what may still be filled."""
        kept = share_of(order.reserve_full, order.working_lots, order.lots)
        self.reserved[order.venue][symbol.markets[order.venue].terms.quote] += kept - order.reserve
        order.reserve = kept

    def release_all(self, symbol: Symbol, trade: Trade) -> None:
        """Lets go whatever an ended trade still had set aside."""
        for leg in trade.legs:
            currency = symbol.markets[leg.venue].terms.quote
            self.reserved[leg.venue][currency] -= leg.unwind_reserve
            leg.unwind_reserve = 0
