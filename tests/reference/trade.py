"""The trade of the reference model, with its legs and their orders."""

from dataclasses import dataclass, field

from arbitrage_core.domain.order import FIRST_FINAL_STATE, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.trade import FIRST_STICKY_REASON, ExitReason, Phase

RETRY_MAX_NS = 60_000_000_000
NEVER = 1 << 62


@dataclass
class Order:
    """An order as the engine knows it."""

    trade: int
    leg: int
    attempt: int
    client_id: int
    venue: int
    side: int
    lots: int
    style: OrderStyle
    purpose: Purpose
    limit_px: float
    decision_px: float
    sent_ns: int
    sequence: int
    state: OrderState = OrderState.NONE
    filled_lots: int = 0
    cost_amount: int = 0
    fee_amount: int = 0
    answer_due_ns: int | None = None
    queries: int = 0
    cancel_due_ns: int | None = None
    cancel_sent: bool = False
    reserve: int = 0
    """Money still set aside for it, of `reserve_full` when it was sent."""
    reserve_full: int = 0

    @property
    def final(self) -> bool:
        """Whether nothing more can happen to it."""
        return self.state >= FIRST_FINAL_STATE

    @property
    def rests(self) -> bool:
        """Whether its style can rest in the book."""
        return self.style in (OrderStyle.GTC, OrderStyle.POST_ONLY)

    @property
    def opens(self) -> bool:
        """Whether its fills add to the leg."""
        return self.purpose in (Purpose.ENTRY, Purpose.COMPLETE)

    @property
    def rest_lots(self) -> int:
        """What is not filled."""
        return self.lots - self.filled_lots

    @property
    def working_lots(self) -> int:
        """What may yet be filled, by all that is known."""
        return 0 if self.final else self.rest_lots


@dataclass
class Leg:
    """One side of a trade: leg 0 bought, leg 1 sold."""

    index: int
    venue: int
    side: int
    """Of its opening orders."""
    decision_px: float
    """Of its entry order."""
    lots: int = 0
    basis: int = 0
    attempts: int = 0
    order: Order | None = None
    opened_lots: int = 0
    opened_cost_quote: int = 0
    opened_cost: int = 0
    """Reporting currency."""
    first_fill_ns: int = 0
    exit_px: float = 0.0
    """Decision price of its last exit order that was no repair."""
    unwind_reserve: int = 0

    @property
    def working(self) -> Order | None:
        """Its order, unless that is final."""
        return self.order if self.order is not None and not self.order.final else None


@dataclass
class Pace:
    """When the next try is allowed: a pause that doubles with each try in vain."""

    vain: int = 0
    not_before_ns: int = 0

    def after(self, filled_lots: int, rest_lots: int, now_ns: int, retry_ns: int) -> None:
        """A try ended with so much done and so much left."""
        self.vain = 0 if filled_lots > 0 else self.vain + 1
        pause = min(retry_ns * 2 ** max(self.vain - 1, 0), RETRY_MAX_NS)
        self.not_before_ns = now_ns + pause if rest_lots > 0 else 0


@dataclass
class Incident:
    """A leg standing alone."""

    began_ns: int
    lots: int
    leg: int
    phase: Phase
    attempts: int = 0
    cost: int = 0
    resolution: Purpose = Purpose.ENTRY
    forced: bool = False


@dataclass
class Trade:
    """A round trip."""

    number: int
    symbol: int
    legs: tuple[Leg, Leg]
    decided_ns: int
    spread_bps: float
    net_edge_bps: float
    phase: Phase = Phase.OPENING
    exit_reason: ExitReason = ExitReason.NONE
    wish_ns: int = 0
    """When the sticky reason was first wished."""
    opened_ns: int = 0
    hedged_ns: int = 0
    leaving_ns: int = 0
    initial_lots: int = 0
    realised: int = 0
    fees: int = 0
    funding: int = 0
    slippage: int = 0
    incident_cost: int = 0
    incidents: int = 0
    partial_closes: int = 0
    stale: bool = False
    flagged: bool = False
    told: bool = False
    """REDUCE told it to leave."""
    incident: Incident | None = None
    imbalance_ns: int | None = None
    """Since when the legs are unequal."""
    unhedged_quote_s: float = 0.0
    """Unequal lots at the entry's decision price of the leg holding more × seconds, up to `measured_ns`."""
    unhedged_before: float = 0.0
    """The same when the legs last became unequal."""
    measured_ns: int = 0
    exit_pace: Pace = field(default_factory=Pace)
    fix_pace: Pace = field(default_factory=Pace)
    tried: list[Order] = field(default_factory=list)
    """The orders of the try under way."""
    trying_exit: bool = False
    due_ns: int = NEVER

    @property
    def sticky(self) -> bool:
        """Whether a reason to leave stands that is carried through."""
        return self.exit_reason >= FIRST_STICKY_REASON

    @property
    def working(self) -> list[Order]:
        """Its orders that are not final, by leg."""
        return [leg.order for leg in self.legs if leg.order is not None and not leg.order.final]

    @property
    def imbalance(self) -> int:
        """Lots of leg 0 over leg 1."""
        return self.legs[0].lots - self.legs[1].lots

    @property
    def lead(self) -> Leg:
        """The leg holding more."""
        return self.legs[0] if self.imbalance > 0 else self.legs[1]

    @property
    def lag(self) -> Leg:
        """The leg holding less."""
        return self.legs[1] if self.imbalance > 0 else self.legs[0]

    def measure_imbalance(self, lot: float, now_ns: int) -> None:
        """Reckons what stood unhedged up to now; before the legs change."""
        seconds = (now_ns - self.measured_ns) * 1e-9
        self.unhedged_quote_s += abs(self.imbalance) * lot * self.lead.decision_px * seconds
        self.measured_ns = now_ns

    def watch_imbalance(self, now_ns: int) -> None:
        """Since when the legs are unequal; after they changed."""
        if self.imbalance == 0:
            self.imbalance_ns = None
        elif self.imbalance_ns is None:
            self.imbalance_ns, self.unhedged_before = now_ns, self.unhedged_quote_s
