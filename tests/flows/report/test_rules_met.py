"""Refusals are counted over all sessions, in the order of precedence; what had to happen and did not is named."""

import xml.etree.ElementTree as ET

import pytest

from arbitrage_core.domain.refusal import Refusal
from flows.report.refusals_chart import refusals_chart
from flows.report.rules_met import RuleMet, rules_met, rules_table
from tests.flows.outcomes import STAGE, seed_outcome
from tests.flows.report.picture_faults import SVG, faults_of, words_outside

REQUIRED = STAGE.model_copy(
    update={
        "required_refusals": ("KILL_SWITCH_MUST_BE_OFF", "BOOK_MUST_BE_FRESH"),
        "required_trips": ("DRAWDOWN_MUST_STAY_INSIDE", "DRAWDOWN_MUST_STAY_INSIDE REDUCED", "LOSSES_MUST_NOT_RUN_ON"),
    }
)
SESSIONS = (
    seed_outcome(
        1,
        refusals={"COOLDOWN_MUST_BE_OVER": 3, "BOOK_MUST_BE_FRESH": 1_000},
        missed={"COOLDOWN_MUST_BE_OVER": 1},
        trips={"LOSSES_MUST_NOT_RUN_ON": 2},
    ),
    seed_outcome(1, "paper", refusals={"COOLDOWN_MUST_BE_OVER": 4, "SYMBOL_MUST_BE_ON": 0}),
)


def test_rules_come_in_the_order_of_precedence_with_all_that_was_counted():
    assert rules_table(rules_met(REQUIRED, SESSIONS)).splitlines()[2:] == [
        "| kill switch must be off | ❌ never | 0 | 0 | 0 | 0 |",
        "| book must be fresh | 1,000 | 0 | 0 | 0 | 0 |",
        "| cooldown must be over | 7 | 1 | 0 | 0 | 0 |",
        "| losses must not run on | 0 | 0 | 2 | 0 | 0 |",
        "| drawdown must stay inside | 0 | 0 | ❌ never | ❌ never | 0 |",
    ]


def test_rules_that_nobody_requires_and_nobody_met_are_left_out():
    assert [rule.name for rule in rules_met(STAGE, SESSIONS)] == [
        "BOOK_MUST_BE_FRESH",
        "COOLDOWN_MUST_BE_OVER",
        "LOSSES_MUST_NOT_RUN_ON",
    ]
    assert rules_met(STAGE, ()) == []
    assert rules_table([]) == "None."


def test_a_rule_of_another_version_comes_last():
    odd = seed_outcome(1, refusals={"A_NEW_RULE": 1, "DRAWDOWN_MUST_STAY_INSIDE": 1})
    assert [rule.name for rule in rules_met(STAGE, (odd,))] == ["DRAWDOWN_MUST_STAY_INSIDE", "A_NEW_RULE"]


def every_rule(count: int) -> list[RuleMet]:
    """All rules there are, each met so often."""
    return [RuleMet(rule.name, count, count // 7, 0, must_refuse=False, must_trip=False) for rule in Refusal if rule]


@pytest.mark.parametrize("count", [0, 1, 9, 10, 12_345, 10**9, 10**10])
def test_any_counts_can_be_drawn(count: int):
    svg = refusals_chart("D66", every_rule(count))
    assert faults_of(svg) == words_outside(svg) == []
    assert svg.count('fill-opacity="0.85"') == len(every_rule(count)) * ((count > 0) + (count // 7 > 0))


def test_bars_grow_with_their_counts_and_each_count_is_written():
    counts = (1, 10, 250, 250_000)
    rules = [RuleMet(f"RULE_{n}", n, 0, 0, must_refuse=False, must_trip=False) for n in counts]
    svg = refusals_chart("D66", rules)
    bars = [one for one in ET.fromstring(svg).iter(f"{SVG}rect") if one.get("fill-opacity") == "0.85"]
    widths = [float(bar.attrib["width"]) for bar in bars]
    assert widths == sorted(widths)
    assert widths[0] > 0
    assert {"1", "10", "250", "250,000", "none"} <= {text.text for text in ET.fromstring(svg).iter(f"{SVG}text")}


def test_without_any_it_says_none():
    assert refusals_chart("D66", []).count(">none<") == 2
    assert faults_of(refusals_chart("D66", [])) == []
