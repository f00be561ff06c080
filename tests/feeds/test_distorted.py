"""Distortions change just the quotes they name, for as long as they say."""

import numpy as np
import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.distorted import Distorted
from arbitrage_core.feeds.distortion import Distortion
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset


def quotes() -> SyntheticQuotes:
    return SyntheticQuotes(preset("mixed").market, venues=("a", "b"), symbols=("X/USDT", "Y/USDT"), rows=4_000, seed=3)


def crossed(**fields: object) -> tuple[np.ndarray, np.ndarray]:
    """(rows as they were, rows as they are)."""
    distortion = Distortion(**{"kind": "CROSSED", "venue": "a", "from_s": 20.0, "until_s": 40.0, **fields})
    return np.concatenate(list(quotes())), np.concatenate(list(Distorted(quotes(), [distortion])))


def test_bid_and_ask_change_places_there_and_nowhere_else() -> None:
    before, after = crossed(symbol="Y/USDT")
    since_s = (before["now_ns"] - before["now_ns"][0]) / 1e9
    there = (before["venue"] == 0) & (before["symbol"] == 1) & (since_s >= 20.0) & (since_s < 40.0)
    assert there.sum() > 50
    assert (after["bid_px"][there] > after["ask_px"][there]).all()
    assert (after["bid_px"][there] == before["ask_px"][there]).all()
    assert after[~there].tobytes() == before[~there].tobytes()


def test_without_a_symbol_the_whole_venue_is_meant() -> None:
    before, after = crossed()
    changed = (before["bid_px"] != after["bid_px"]).any(axis=1)
    assert set(before["symbol"][changed]) == {0, 1}
    assert set(before["venue"][changed]) == {0}


@pytest.mark.parametrize("market", [{"venue": "c"}, {"venue": "a", "symbol": "Z/USDT"}])
def test_a_market_that_is_none_is_refused(market: dict[str, str]) -> None:
    with pytest.raises(BadInput):
        Distorted(quotes(), [Distortion(kind="CROSSED", from_s=0.0, until_s=1.0, **market)])


def test_distortions_are_part_of_the_identity() -> None:
    distorted = Distorted(quotes(), [Distortion(kind="CROSSED", venue="a", from_s=0.0, until_s=1.0)])
    assert distorted.identity()["sha256"] != quotes().identity()["sha256"]
    assert distorted.identity()["feed"] == quotes().identity()
