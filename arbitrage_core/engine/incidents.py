"""The incident: a leg left alone for a while. When it begins, when it ends; the fills say what it cost."""

from arbitrage_core.domain.compiled import compiled
from arbitrage_core.engine.ledger import measure_imbalance, note_balance
from arbitrage_core.engine.recording import note_incident
from arbitrage_core.engine.state import NEVER_NS


@compiled
def begin_incident(params, s, trade, lead_index, unequal_lots, now_ns):
    """From the moment the legs became unequal (or from now, when a rest was let stand); its deadline runs from then."""
    if trade.imbalance_ns == NEVER_NS:
        measure_imbalance(params, s, trade, now_ns)
        note_balance(trade, now_ns)
    trade.incidents += 1
    trade.incident_began_ns = trade.imbalance_ns
    trade.deadline_ns = trade.imbalance_ns + params.symbols[s].single_leg_deadline_ns
    trade.incident_cost_start_amount = trade.incident_amount
    trade.incident_lots, trade.incident_leg = unequal_lots, lead_index
    trade.incident_phase = trade.phase
    trade.incident_attempts, trade.incident_forced, trade.last_fix = 0, 0, -1


@compiled
def end_incident(params, out, s, trade, now_ns):
    """The legs are equal again, or gone, or what is left of their difference cannot be dealt in."""
    trade.deadline_ns, trade.imbalance_ns = NEVER_NS, NEVER_NS
    if trade.incident_began_ns == NEVER_NS:
        return
    measure_imbalance(params, s, trade, now_ns)
    note_incident(out, s, trade, now_ns)
    trade.incident_began_ns = NEVER_NS
