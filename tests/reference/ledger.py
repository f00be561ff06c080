"""The ledger of the reference model: cash, reserves, bookings and marks, in integers (docs/engine.md §10, §12)."""

from math import nan

from arbitrage_core.domain.money import booking_unit
from arbitrage_core.domain.session import SessionConfig
from tests.reference.amount import Rates, amount_of, share_of
from tests.reference.market import Market, Symbol
from tests.reference.result import EquityEntry, FillEntry, FundingEntry, Log
from tests.reference.trade import Order, Trade


def capital_of(config: SessionConfig) -> list[int]:
    """Start capital per venue, reporting currency: equal parts, the first venue takes the rounding rest."""
    unit = booking_unit(config.reporting_currency)
    part = amount_of(config.initial_capital_quote / len(config.venues), unit)
    total = amount_of(config.initial_capital_quote, unit)
    return [total - part * (len(config.venues) - 1)] + [part] * (len(config.venues) - 1)


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

    # ------------------------------------------------------------------------------------------------- bookings

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
        terms, imbalance = market.terms, trade.imbalance
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
        if trade.incident is not None:
            adverse = self._slippage(market, order, lots, cost, leg.decision_px) if order.opens else -gain
            trade.incident.cost += adverse + fee_reporting
        self._note_first_fills(symbol, trade, order, now)
        trade.watch_imbalance(imbalance, now)
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
        self.mark(now)

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

    def book_funding(self, market: Market, rate: float, mark_px: float, now: int) -> None:
        """A FUNDING row of a perpetual, split over the legs held there; the last one takes the rest."""
        terms, position = market.terms, market.position_lots
        if terms.spot or position == 0:
            return
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
        self.mark(now)

    # ---------------------------------------------------------------------------------------------------- marks

    def unrealised_of(self, symbol: Symbol, trade: Trade) -> int:
        """What closing at the touch would add, before fees (§10)."""
        total = 0
        for leg in trade.legs:
            if leg.lots > 0:
                market = symbol.markets[leg.venue]
                px = market.bid_px[0] if leg.side > 0 else market.ask_px[0]
                rate = self.rates.values[market.terms.quote]
                total += leg.basis + leg.side * amount_of(leg.lots * symbol.lot * px * rate, self.unit)
        return total

    def inventory_value(self, market: Market) -> int:
        """The start inventory of a spot market at the touch, reporting currency."""
        rate = self.rates.values[market.terms.quote]
        return amount_of(market.terms.initial_lots * market.terms.lot * market.bid_px[0] * rate, self.unit)

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
        """Sets what a spot inventory was worth, at the first quote with a known rate."""
        if market.terms.initial_lots > 0 and market.first_value is None and market.bid == market.bid:
            market.first_value = self.inventory_value(market)

    def mark(self, now: int) -> None:
        """Marks the equity; keeps peak and deepest drawdown."""
        unrealised = sum(
            self.unrealised_of(symbol, trade) for symbol in self.symbols for trade in symbol.trades.values()
        )
        revaluation = self.revaluation()
        equity = self.start + self.realised + unrealised + revaluation
        self.peak = max(self.peak, equity)
        self.drawdown = max(self.drawdown, self.peak - equity)
        self.log.equity.append(EquityEntry(now, equity, self.realised, unrealised, revaluation))

    # ------------------------------------------------------------------------------------------------- reserves

    def free(self, venue: int, currency: int) -> float:
        """What a venue has left to set aside in a currency (§11)."""
        margin = 0.0
        for symbol in self.symbols:
            market = symbol.markets.get(venue)
            if market is None or market.terms.spot or market.terms.quote != currency or market.position_lots == 0:
                continue
            terms, lots = market.terms, market.position_lots
            px = (market.bid_px[0] if lots > 0 else market.ask_px[0]) if market.quoted else nan
            value = lots * terms.lot * px / terms.unit
            margin += value - abs(lots) * terms.lot * px * terms.margin_rate / terms.unit
        return self.cash[venue][currency] + margin - self.reserved[venue][currency]

    def reserve(self, symbol: Symbol, trade: Trade, leg: int, order_part: int, unwind_part: int) -> None:
        """Sets money aside for a leg and its unwind, before the first send."""
        held = trade.legs[leg]
        held.order_reserve, held.unwind_reserve = order_part, unwind_part
        self.reserved[held.venue][symbol.markets[held.venue].terms.quote] += order_part + unwind_part

    def release_order(self, symbol: Symbol, trade: Trade, order: Order, lots: int, rest_before: int) -> None:
        """Lets go the part of the order reserve that belongs to `lots` of the `rest_before` not yet filled."""
        leg = trade.legs[order.leg]
        part = share_of(leg.order_reserve, lots, rest_before)
        leg.order_reserve -= part
        self.reserved[leg.venue][symbol.markets[leg.venue].terms.quote] -= part

    def release_all(self, symbol: Symbol, trade: Trade) -> None:
        """Lets go whatever an ended trade still had set aside."""
        for leg in trade.legs:
            currency = symbol.markets[leg.venue].terms.quote
            self.reserved[leg.venue][currency] -= leg.order_reserve + leg.unwind_reserve
            leg.order_reserve = leg.unwind_reserve = 0
