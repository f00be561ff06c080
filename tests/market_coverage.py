"""What the awkward markets reach: how often each state, reason, refusal … occurs in the reference model's runs of them.

`python -m tests.market_coverage [seeds]` prints the table; a differential test is worth no more than what it says.
"""

import sys
import time
from collections import Counter
from collections.abc import Iterable
from enum import IntEnum

from arbitrage_core.domain.order import Action, OrderState, OrderStyle, Purpose
from arbitrage_core.domain.refusal import GuardEvent, Refusal
from arbitrage_core.domain.trade import ExitReason, Phase
from arbitrage_core.laws.standing_guards import EXPOSURES, LOSSES
from tests.markets import seeded_case
from tests.reference_model import ReferenceResult, run

Seen = Counter[tuple[str, str]]

EXPECTED: dict[str, list[IntEnum]] = {
    "order state": [state for state in OrderState if state != OrderState.NONE],
    "action": list(Action),
    "style": list(OrderStyle),
    "purpose": list(Purpose),
    "refusal": [refusal for refusal in Refusal if refusal != Refusal.NONE],
    # A take-profit never closes the last lots, so it is no trade's last reason: it shows as partial closes.
    "exit reason": [reason for reason in ExitReason if reason not in (ExitReason.NONE, ExitReason.TAKE_PROFIT)],
    "phase": [phase for phase in Phase if phase != Phase.FREE],
    "resolution": [Purpose.COMPLETE, Purpose.REVERSE, Purpose.EXIT],
    "forced resolution": [Purpose.COMPLETE, Purpose.REVERSE, Purpose.EXIT],
}
"""What must occur, by kind."""
STEPS = {
    GuardEvent.TRIPPED: (
        Refusal.KILL_SWITCH_MUST_BE_OFF,
        Refusal.SYMBOL_MUST_BE_ON,
        Refusal.SLIPPAGE_MUST_BE_AS_EXPECTED,
        Refusal.LOSSES_MUST_NOT_RUN_ON,
        *LOSSES,
        *EXPOSURES,
    ),
    GuardEvent.REDUCED: (*LOSSES, *EXPOSURES),
    GuardEvent.FLATTENED: LOSSES,
    GuardEvent.RELEASED: EXPOSURES,
}
"""Events of guards that must occur."""
FURTHER = [
    *(("other", name) for name in ("partial close", "stale reduction", "funding", "opportunity missed", "win", "loss")),
    *((f"guard {event.name}", rule.name) for event, rules in STEPS.items() for rule in rules),
    *(("other", name) for name in ("unknown report", "fee in another currency", "money in another currency")),
]


def seen_in(result: ReferenceResult) -> Seen:
    """Counts of everything that occurred in a run."""
    seen: Seen = Counter()
    _count(seen, "order state", (OrderState(change.after) for change in result.changes))
    _count(seen, "action", (Action(order.action) for order in result.orders))
    _count(seen, "style", (OrderStyle(order.style) for order in result.orders))
    _count(seen, "purpose", (Purpose(order.purpose) for order in result.orders))
    _count(seen, "phase", result.phases.values())
    for incident in result.incidents:
        kind = "forced resolution" if incident.forced else "resolution"
        seen[kind, Purpose(incident.resolution).name] += 1
    for figures in result.symbols:
        for refusal, count in figures.refusals.items():
            seen["refusal", Refusal(refusal).name] += count
        for reason, count in figures.exits.items():
            seen["exit reason", ExitReason(reason).name] += count
        seen["other", "opportunity missed"] += sum(figures.missed.values())
    for event in result.log.guards:
        seen[f"guard {GuardEvent(event.kind).name}", Refusal(event.guard).name] += 1
    seen["other", "partial close"] = sum(trade.partial_closes for trade in result.trades)
    seen["other", "stale reduction"] = sum(order.stale for order in result.orders)
    seen["other", "funding"] = len(result.log.funding)
    seen["other", "win"] = sum(figures.wins for figures in result.symbols)
    seen["other", "loss"] = sum(trade.realised_amount < 0 for trade in result.trades)
    seen["other", "unknown report"] = result.unknown_reports
    seen["other", "fee in another currency"] = sum(f.fee_amount != f.fee_reporting_amount for f in result.fills)
    seen["other", "money in another currency"] = sum(
        abs(fill.cash_reporting_amount) != fill.cost_quote_amount for fill in result.fills
    )
    return seen


def _count(seen: Seen, kind: str, members: Iterable[IntEnum]) -> None:
    for member in members:
        seen[kind, member.name] += 1


def never_seen(seen: Seen) -> list[tuple[str, str]]:
    """What should have occurred and did not."""
    wanted = [(kind, member.name) for kind, members in EXPECTED.items() for member in members]
    return [key for key in wanted + FURTHER if not seen[key]]


def main(seeds: int) -> int:
    """Prints the table for seeds 0 … `seeds` − 1; 1 if something never occurred, else 0."""
    seen: Seen = Counter()
    row_count = with_entry = 0
    spent_s = 0.0
    for seed in range(seeds):
        config, rows = seeded_case(seed)
        began_s = time.process_time()
        result = run(config, rows, session_key=seed + 1)
        spent_s += time.process_time() - began_s
        row_count += len(rows)
        with_entry += any(figures.entries for figures in result.symbols)
        seen += seen_in(result)
    wanted = [(kind, member.name) for kind, members in EXPECTED.items() for member in members] + FURTHER
    for kind, name in wanted:
        print(f"{kind:<20}{name:<42}{seen[kind, name]:>8}")
    missing = never_seen(seen)
    print(f"{seeds} cases, {row_count} rows, {row_count / spent_s:,.0f} rows/s; {with_entry / seeds:.0%} with an entry")
    print("never seen: " + (", ".join(f"{kind} {name}" for kind, name in missing) or "nothing"))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 300))
