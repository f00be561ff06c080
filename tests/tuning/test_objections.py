"""The objections: each is raised by just what it is about, and none by a set that holds up."""

from typing import Any

import pytest

from arbitrage_core.tuning.objections import DEFLATED_LEAST, LOSS_MOST, TRADES_LEAST, objections_to
from arbitrage_core.tuning.plateau import Neighbour, plateau_of


def plateau(share: float = 0.9, best: float = 100.0):
    """What a neighbour with this share of the best says."""
    return plateau_of(0, "pnl_quote", {"pnl_quote": best}, [Neighbour({"a": 2.0}, {"pnl_quote": share * best}, {})])


SOUND: dict[str, Any] = {
    "best": [{"out_of_sample": {"pnl_quote": 1.0, "trades": TRADES_LEAST}}],
    "deflated_sharpe": DEFLATED_LEAST,
    "loss_probability": LOSS_MOST,
    "plateau": plateau(),
}


def test_a_set_against_which_nothing_speaks_holds_up():
    assert objections_to(**SOUND) == ()


@pytest.mark.parametrize(
    "changed, said",
    [
        ({"best": []}, "no set was judged"),
        ({"best": [{"out_of_sample": {"pnl_quote": 0.0, "trades": 99}}]}, "out of sample it earned 0"),
        ({"best": [{"out_of_sample": {"pnl_quote": 5.0, "trades": TRADES_LEAST - 1}}]}, "19 trades, too few"),
        ({"deflated_sharpe": DEFLATED_LEAST - 1e-9}, "deflated Sharpe ratio is 0.950"),
        ({"deflated_sharpe": None}, "cannot be told"),
        ({"deflated_sharpe": float("nan")}, "deflated Sharpe ratio is nan"),
        ({"loss_probability": LOSS_MOST + 1e-9}, "loses in the other in 5.0% of the halves"),
        ({"loss_probability": None}, "cannot be told"),
        ({"plateau": plateau(0.49)}, "its neighbour at a 2 brings 49.0% of it"),
        ({"plateau": plateau(best=-1.0)}, "in sample it brought -1"),
        ({"plateau": None}, "its neighbours were not tried"),
    ],
)
def test_each_is_raised_by_what_it_is_about(changed: dict[str, Any], said: str):
    (found,) = objections_to(**{**SOUND, **changed})
    assert said in found
