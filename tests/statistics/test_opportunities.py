"""Opportunities are counted by what became of them, and refusals by the rule that was broken."""

import pytest

from arbitrage_core.domain.refusal import REFUSAL_SLOTS, Refusal
from arbitrage_core.statistics.opportunities import named_refusals, opportunity_figures
from tests.statistics.logs import empty_state


def counted(**counts: int) -> list[int]:
    """Counters indexed by Refusal."""
    slots = [0] * REFUSAL_SLOTS
    for name, count in counts.items():
        slots[Refusal[name]] = count
    return slots


def test_opportunities_of_all_symbols_add_up():
    symbols = empty_state().symbols[:2]
    symbols["seen"], symbols["taken"], symbols["opportunity"] = (5, 3), (1, 1), (0, 1)
    symbols["missed"][0] = counted(COOLDOWN_MUST_BE_OVER=3, CAPITAL_MUST_COVER=1)
    symbols["missed"][1] = counted(CAPITAL_MUST_COVER=1)
    assert opportunity_figures(symbols) == {
        "seen": 8,
        "taken": 2,
        "missed": 5,
        "standing": 1,
        "taken_share": 0.25,
        "missed_by": {"COOLDOWN_MUST_BE_OVER": 3, "CAPITAL_MUST_COVER": 2},
    }
    assert opportunity_figures(symbols[1:])["missed_by"] == {"CAPITAL_MUST_COVER": 1}


def test_an_opportunity_that_was_taken_and_still_stands_is_not_waiting():
    symbols = empty_state().symbols[:1]
    symbols["opportunity"] = 2
    assert opportunity_figures(symbols)["standing"] == 0


def test_a_session_without_an_opportunity_took_no_share_of_them():
    assert opportunity_figures(empty_state().symbols) == {
        "seen": 0,
        "taken": 0,
        "missed": 0,
        "standing": 0,
        "taken_share": None,
        "missed_by": {},
    }


def test_refusals_are_named_by_their_rule_and_those_that_never_were_left_out():
    symbols = empty_state().symbols
    symbols["refusals"][0] = counted(NONE=7, BOOK_MUST_BE_FRESH=2, EDGE_MUST_EXCEED_COSTS=9)
    assert named_refusals(symbols["refusals"][0]) == {"BOOK_MUST_BE_FRESH": 2, "EDGE_MUST_EXCEED_COSTS": 9}


def test_a_count_of_no_refusal_is_an_error():
    symbols = empty_state().symbols
    symbols["refusals"][0][1] = 1
    with pytest.raises(ValueError, match="1 is not a valid Refusal"):
        named_refusals(symbols["refusals"][0])
