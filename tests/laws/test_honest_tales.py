"""Honest evidence breaks no law: known numbers, every instant of every tale, and tales made up as they go."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arbitrage_core.domain.trade import Phase
from arbitrage_core.laws import log_violations, state_violations, terms_of, unexamined
from tests.laws.made_up_tales import made_up
from tests.laws.story import START_NS, Story
from tests.laws.tales import TALES, Tale, begun, round_trip, told
from tests.laws.tampering import Parts
from tests.laws.told_evidence import evidence_of


def test_the_round_trip_earns_what_is_reckoned_by_hand():
    log = evidence_of(told(round_trip)).log
    bought, sold_out = Fraction(600), Fraction(602)
    sold, bought_back = Fraction(603), Fraction(6021, 10)
    fees = (bought + sold_out + sold + bought_back) / 1000
    funding = Fraction(1234, 10**8)
    earned = sold_out - bought + sold - bought_back - fees + funding
    assert log.trades["phase"].tolist() == [Phase.CLOSED]
    assert log.trades["realised_amount"].tolist() == [earned * 10**8]
    assert log.trades["fees_amount"].tolist() == [fees * 10**8]
    assert log.equity["equity_amount"][-1] == (10_000 + earned) * 10**8


@pytest.mark.parametrize("tale", TALES, ids=lambda tale: tale.__name__)
def test_every_instant_of_a_tale_is_lawful(tale: Tale):
    story = begun(tale)
    terms = terms_of(story.config)
    for _ in tale(story, START_NS):
        evidence = evidence_of(story, ended=False)
        assert state_violations(terms, evidence.state, evidence.venue_truth) == []
        assert log_violations(evidence) == []
    assert log_violations(evidence_of(story)) == []


@settings(max_examples=30)
@given(st.data())
def test_made_up_tales_are_lawful_at_every_instant(data: st.DataObject):
    story = Story()
    for _ in made_up(story, lambda count: data.draw(st.integers(0, count - 1))):
        evidence = evidence_of(story, ended=False)
        assert state_violations(story.config, evidence.state, evidence.venue_truth) == []
    assert log_violations(evidence_of(story)) == []


MONEY_FIELDS = [
    ("fills", "cost_quote_amount"),
    ("fills", "fee_amount"),
    ("fills", "cash_reporting_amount"),
    ("fills", "fee_reporting_amount"),
    ("fills", "realised_amount"),
    ("fills", "slippage_amount"),
    ("fills", "lots"),
    ("equity", "equity_amount"),
    ("equity", "realised_amount"),
    ("equity", "unrealised_amount"),
    ("equity", "revaluation_amount"),
    ("trades", "realised_amount"),
    ("trades", "fees_amount"),
    ("trades", "funding_amount"),
    ("trades", "slippage_amount"),
    ("trades", "incident_amount"),
    ("incidents", "cost_amount"),
    ("reports", "filled_lots"),
    ("venue_orders", "filled_lots"),
    ("venue_orders", "cost_amount"),
    ("venue_orders", "fee_amount"),
]


@settings(max_examples=40)
@given(st.data())
def test_one_unit_anywhere_in_a_made_up_tale_is_noticed(data: st.DataObject):
    story = Story()
    for _ in made_up(story, lambda count: data.draw(st.integers(0, count - 1))):
        pass
    log, field = data.draw(st.sampled_from(MONEY_FIELDS))
    parts = Parts(evidence_of(story))
    rows = getattr(parts, log)
    if len(rows):
        # a report may come late, and know less than an earlier one
        amount = 1 if log == "reports" else data.draw(st.sampled_from([1, -1]))
        rows[field][data.draw(st.integers(0, len(rows) - 1))] += amount
        assert log_violations(parts.evidence())


def test_evidence_says_which_laws_were_judged_without_all_they_need():
    whole = evidence_of(told(round_trip))
    assert unexamined(whole) == {}
    parts = Parts(whole)
    parts.given.update(reruns=(), segments=None, bounds=(), orders_handed_on=None)
    assert unexamined(parts.evidence()) == {
        "I11": ("reruns",),
        "I14": ("segments",),
        "I16": ("bounds",),
        "I19": ("orders_handed_on",),
    }


def test_a_session_that_did_nothing_is_lawful():
    story = Story()
    assert log_violations(evidence_of(story)) == []
    assert not np.any(evidence_of(story).state["symbols"]["in_use"])
