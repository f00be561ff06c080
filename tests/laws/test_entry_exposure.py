"""Law I8 just after an entry was sent, all prices known: limits that are met to the cent, and passed by one."""

import numpy as np
import pytest

from arbitrage_core.domain.record import one
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.state import Shape, state_dtype
from arbitrage_core.laws import entry_exposure
from tests.laws.story import START_NS, Story, story_config
from tests.laws.told_evidence import state_of

OTHER = "ETH/USDT"
OTHER_LOTS, OTHER_ASK = 50, 3_000.0
OWN_QUOTE = 20 * 0.001 * 60_300
"""Ten lots bought and ten sold, at the higher of the two prices."""
OTHER_QUOTE = OTHER_LOTS * 0.01 * OTHER_ASK


def entered(**limits: float) -> tuple[SessionConfig, np.record]:
    """A configuration of two symbols and a state just after an entry in the first; the second holds a leg at venue 1.

    `limits`: of the symbol, the venues and the portfolio; the others are far."""
    story = Story()
    story.enter(START_NS, 10)
    config = story_config(symbol_exposure_max_quote=limits.get("symbol", 1e9))
    other = [market.model_copy(update={"symbol": OTHER, "lot": 0.01}) for market in config.markets]
    venues = [venue.model_copy(update={"exposure_max_quote": limits.get("venue", 1e9)}) for venue in config.venues]
    config = config.model_copy(
        update={
            "symbols": (*config.symbols, OTHER),
            "markets": (*config.markets, *other),
            "venues": tuple(venues),
            "portfolio_exposure_max_quote": limits.get("portfolio", 1e9),
        }
    )
    state = one(state_dtype(Shape.holding(2, 2, 1, 4)))[0]
    alone = state_of(story)
    state["now_ns"] = alone["now_ns"]
    state["symbols"][0] = alone["symbols"][0]
    trade = state["symbols"][1]["trades"][0]
    trade["phase"], trade["number"] = 2, 1
    trade["legs"]["venue"], trade["legs"]["side"] = (0, 1), (1, -1)
    trade["legs"]["lots"][1] = OTHER_LOTS
    return config, state


def touches(other_ask: float = OTHER_ASK) -> np.ndarray:
    return np.array([[60_000.0, 60_310.0], [other_ask, other_ask]])


def test_exposure_inside_all_limits_is_lawful():
    assert entry_exposure(*entered(), touches()) == []


@pytest.mark.parametrize(
    "limit, figure",
    [
        ("symbol", OWN_QUOTE),
        ("venue", 10 * 0.001 * 60_300 + OTHER_QUOTE),
        ("portfolio", OWN_QUOTE + OTHER_QUOTE),
    ],
)
def test_a_limit_may_be_met_and_not_passed(limit: str, figure: float):
    assert entry_exposure(*entered(**{limit: figure}), touches()) == []
    found = entry_exposure(*entered(**{limit: figure - 0.01}), touches())
    assert len(found) == 1
    assert found[0].law == "I8"
    assert limit in found[0].subject


def test_a_price_that_is_not_known_breaks_the_limits_it_counts_for():
    found = entry_exposure(*entered(), touches(np.nan))
    assert [violation.subject.split(" ")[0] for violation in found] == ["portfolio", "venue"]


def test_entries_sent_earlier_are_not_judged_again():
    config, state = entered(symbol=1.0)
    state["now_ns"] += 1
    assert entry_exposure(config, state, touches()) == []
