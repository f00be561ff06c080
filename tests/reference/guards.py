"""Guards of the reference model: exposure, inventory, capital of what would open (docs/engine.md §5, §11)."""

from dataclasses import dataclass

from arbitrage_core.domain.order import NO_LIMIT_PX
from arbitrage_core.domain.refusal import GuardLevel, Refusal
from tests.reference.amount import amount_above
from tests.reference.market import Market, Symbol
from tests.reference.orders import State


@dataclass
class Opening:
    """One order that would open or add to a leg."""

    market: Market
    side: int
    lots: int
    worst_px: float
    """Own currency."""
    needs_unwind: bool
    """Whether the unwind is to be set aside too: of an entry; a completion's was with the entry."""


def worst_px_of(market: Market, side: int, limit_px: float, bound_bps: float) -> float:
    """The price an opening order's exposure is reckoned at; a market order has no limit."""
    touch = market.price(side)
    if limit_px < NO_LIMIT_PX:
        return limit_px if side > 0 else max(limit_px, touch)
    return touch * (1 + bound_bps * 1e-4) if side > 0 else touch


class Guards:
    """Reads, never writes."""

    def __init__(self, state: State) -> None:
        self.state = state

    def refusal(self, symbol: Symbol, openings: list[Opening]) -> Refusal:
        """The first rule these orders together would break; at most one a venue, a purchase first."""
        refusal = self._exposure(symbol, openings)
        if refusal != Refusal.NONE:
            return refusal
        for opening in openings:
            terms = opening.market.terms
            if opening.side < 0 and terms.spot:
                reserved = sum(self._opening_lots(symbol, terms.venue, 1))
                if not opening.market.position_lots - reserved + terms.short_limit_lots >= opening.lots:
                    return Refusal.INVENTORY_MUST_COVER
        for opening in openings:
            terms = opening.market.terms
            need = self.order_need(symbol, opening)
            if opening.needs_unwind:
                need += self.unwind_need(symbol, opening)
            if not need <= self.state.ledger.free(terms.venue, terms.quote):
                return Refusal.CAPITAL_MUST_COVER
        return Refusal.NONE

    def symbol_exposure(self, symbol: Symbol, added_lots: int, worst_px: float) -> float:
        """The symbol's exposure with so many lots more, all at one price of the reporting currency."""
        own = sum(self._exposed_lots(symbol, venue) for venue in symbol.markets)
        return (own + added_lots) * symbol.lot * worst_px

    def order_need(self, symbol: Symbol, opening: Opening) -> int:
        """What the order may need until it is filled, quote currency of its market."""
        terms, n = opening.market.terms, opening.lots * symbol.lot * opening.worst_px
        if terms.spot:
            return amount_above(n, terms.unit) if opening.side > 0 else 0
        return amount_above(n * terms.margin_rate, terms.unit)

    def unwind_need(self, symbol: Symbol, opening: Opening) -> int:
        """What both trips may need for fees and slippage; a rebate counts for nothing."""
        terms, n = opening.market.terms, opening.lots * symbol.lot * opening.worst_px
        f, k = terms.taker_fee_bps * 1e-4, symbol.params.slippage_bound_bps * 1e-4
        return amount_above(max(n * (2 * f + 2 * k), 0.0), terms.unit)

    def _opening_lots(self, symbol: Symbol, venue: int, leg_index: int) -> list[int]:
        """Unfilled lots of working opening orders of a leg on a venue."""
        found = [trade.legs[leg_index] for trade in symbol.trades.values() if trade.legs[leg_index].venue == venue]
        return [leg.order.working_lots for leg in found if leg.order is not None and leg.order.opens]

    def _exposed_lots(self, symbol: Symbol, venue: int) -> int:
        """Lots held and lots that working opening orders may add, on one market."""
        held = sum(leg.lots for trade in symbol.trades.values() for leg in trade.legs if leg.venue == venue)
        return held + sum(self._opening_lots(symbol, venue, 0)) + sum(self._opening_lots(symbol, venue, 1))

    def _exposure_elsewhere(self, symbol: Symbol, venue: int) -> float:
        """Exposure of the other symbols on a venue, at their ask touch."""
        total = 0.0
        for other in self.state.symbols:
            if other is not symbol and venue in other.markets:
                lots = self._exposed_lots(other, venue)
                if lots:
                    market = other.markets[venue]
                    total += lots * other.lot * (market.mark_ask_px * self.state.rates.values[market.terms.quote])
        return total

    def _exposure(self, symbol: Symbol, openings: list[Opening]) -> Refusal:
        rates, lot = self.state.rates.values, symbol.lot
        worst = [opening.worst_px * rates[opening.market.terms.quote] for opening in openings]
        figure = self.symbol_exposure(symbol, sum(opening.lots for opening in openings), max(worst))
        stands = symbol.exposure_guard.level != GuardLevel.NONE
        if not figure <= symbol.exposure_max_quote or stands:
            return Refusal.SYMBOL_EXPOSURE_MUST_STAY_INSIDE
        for opening, worst_px in zip(openings, worst, strict=True):
            venue = opening.market.terms.venue
            here = (self._exposed_lots(symbol, venue) + opening.lots) * lot * worst_px
            stands = self.state.venues[venue].exposure_guard.level != GuardLevel.NONE
            exposed = self._exposure_elsewhere(symbol, venue) + here
            if not exposed <= self.state.venues[venue].exposure_max_quote or stands:
                return Refusal.VENUE_EXPOSURE_MUST_STAY_INSIDE
        everything = figure
        for venue in range(len(self.state.venues)):
            everything += self._exposure_elsewhere(symbol, venue)
        stands = self.state.exposure_guard.level != GuardLevel.NONE
        if not everything <= self.state.config.portfolio_exposure_max_quote or stands:
            return Refusal.PORTFOLIO_EXPOSURE_MUST_STAY_INSIDE
        return Refusal.NONE
