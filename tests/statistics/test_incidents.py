"""Incidents are counted by what became of them, and priced."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arbitrage_core.domain.order import Purpose
from arbitrage_core.domain.trade import Phase
from arbitrage_core.engine.output import INCIDENT_OUT
from arbitrage_core.statistics.incidents import incident_figures
from tests.statistics.logs import UNIT, Row, amount, empty_state, ns, records


def incident(cost: float, resolution: int, took_s: float = 0.0, phase: Phase = Phase.OPENING, **fields: object) -> Row:
    """A row of INCIDENT_OUT."""
    times = {"began_ns": ns(5.0), "ended_ns": ns(5.0 + took_s)}
    return {"cost_amount": amount(cost), "resolution": resolution, "phase": phase, **times, **fields}


def figures(*rows: Row, state=None) -> dict[str, object]:
    """The figures of these incidents, in a state in which none stands unless one is given."""
    return incident_figures(records(INCIDENT_OUT, rows), (state or empty_state()).symbols, UNIT)


def test_incidents_of_a_table():
    found = figures(
        incident(1.5, Purpose.REVERSE, 0.5, attempts=2, forced=1, unhedged_quote_s=500.0),
        incident(0.25, Purpose.COMPLETE, 0.1, attempts=1, unhedged_quote_s=100.0),
        incident(-0.5, Purpose.COMPLETE, 0.3, attempts=1, unhedged_quote_s=300.0),  # completed at a better price
        incident(0.0, -1, 0.0),  # came right by itself
        incident(2.0, Purpose.EXIT, 0.2, phase=Phase.CLOSING, attempts=3),
    )
    assert found["by_resolution"] == {
        "NONE": {"count": 1, "cost_amount": 0, "cost_quote": 0.0},
        "COMPLETE": {"count": 2, "cost_amount": amount(-0.25), "cost_quote": -0.25},
        "EXIT": {"count": 1, "cost_amount": amount(2.0), "cost_quote": 2.0},
        "REVERSE": {"count": 1, "cost_amount": amount(1.5), "cost_quote": 1.5},
    }
    assert found["by_phase"] == {"OPENING": 4, "CLOSING": 1}
    assert (found["count"], found["cost_amount"], found["cost_quote"]) == (5, amount(3.25), 3.25)
    assert (found["cost_quote_max"], found["forced"], found["attempts"]) == (2.0, 1, 7)
    assert found["unhedged_quote_s"] == 900.0
    assert found["duration_ms"] == pytest.approx(
        {"count": 5, "min": 0.0, "median": 200.0, "mean": 220.0, "p95": 460.0, "max": 500.0}
    )


def test_without_an_incident_there_is_no_cost():
    found = figures()
    assert (found["count"], found["standing"], found["cost_amount"], found["cost_quote_max"]) == (0, 0, 0, None)
    assert (found["by_resolution"], found["by_phase"], found["duration_ms"]["max"]) == ({}, {}, None)


def test_an_incident_that_is_not_over_stands():
    state = empty_state()
    slots = state.symbols["trades"]
    slots["phase"][0][:3] = (Phase.OPENING, Phase.UNWINDING, Phase.OPEN)
    slots["incident_began_ns"][0][:2] = ns(1.0)
    assert figures(state=state)["standing"] == 2


def test_what_a_free_slot_remembers_of_its_last_trade_does_not_stand():
    state = empty_state()
    state.symbols["trades"]["incident_began_ns"] = ns(1.0)
    assert figures(state=state)["standing"] == 0


@given(st.lists(st.tuples(st.integers(-(10**9), 10**9), st.sampled_from([-1, *Purpose])), max_size=20))
def test_resolutions_add_up_to_all_incidents(rows: list[tuple[int, int]]):
    found = figures(*({"cost_amount": cost, "resolution": resolution} for cost, resolution in rows))
    parts = found["by_resolution"].values()
    assert sum(part["count"] for part in parts) == found["count"] == len(rows)
    assert sum(part["cost_amount"] for part in parts) == found["cost_amount"]
