"""A preset in a plan: over the market's settings, below the operator's, and at fault by its own name."""

import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.identity import digest_of
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.session.plan import Offer, plan_session
from arbitrage_core.session.preset_plan import plan_with_preset
from arbitrage_core.storage.record.presets import StrategyPreset

OFFER = Offer(("alpha", "beta"), ("X", "Y.Z"))
X_AT_30 = "symbol.X.entry_spread_bps=30"
MARKET = {"entry_spread_bps": 40.0, "notional_quote": 500.0}


def preset(strategy: str = "taker_taker", **params: object) -> StrategyPreset:
    given = {"params": params, "digest": digest_of(params), "study": "night", "trials": 500}
    kept = {"whole_digest": None, "evidence": None, "study_id": None, "note": None, "created_ns": 1}
    return StrategyPreset("winner", 2, strategy, **given, **kept)


def planned(one: StrategyPreset | None, *settings: str) -> SessionConfig:
    return plan_with_preset(one, settings, lambda all_of: plan_session(OFFER, all_of, params=MARKET))


BY_HAND = [
    ({"entry_spread_bps": 24.500000000000004}, (), ("entry_spread_bps=24.500000000000004",)),
    ({"entry_spread_bps": 24.5}, ("entry_spread_bps=30",), ("entry_spread_bps=30",)),
    ({"entry_spread_bps": 24.5}, (X_AT_30,), ("entry_spread_bps=24.5", X_AT_30)),
    ({"symbol.X.entry_spread_bps": 24.5}, ("entry_spread_bps=30",), ("entry_spread_bps=30",)),
    ({"symbol.Y.Z.entry_spread_bps": 24.5}, ("symbol.Y.Z.entry_spread_bps=30",), ("symbol.Y.Z.entry_spread_bps=30",)),
    ({"symbol.Y.Z.entry_spread_bps": 24.5}, (X_AT_30,), ("symbol.Y.Z.entry_spread_bps=24.5", X_AT_30)),
    ({"market.beta.X.taker_fee_bps": 2}, ("taker_fee_bps=3",), ("taker_fee_bps=3",)),
    ({"notional_quote": 700}, ("qty_base=2",), ("qty_base=2",)),
    ({"qty_base": 2}, (), ("qty_base=2",)),
    ({"symbol.X.qty_base": 2}, ("notional_quote=700",), ("notional_quote=700",)),
    ({"qty_base": 2}, ("notional_quote=none",), ("qty_base=2",)),
    ({"entry_order": "market", "stop_loss_bps": "off"}, (), ("entry_order=market", "stop_loss_bps=off")),
    ({"qty_base": None, "hold_max_ms": 9}, (), ("qty_base=none", "hold_max_ms=9")),
]  # fmt: skip


@pytest.mark.parametrize("params, settings, by_hand", BY_HAND)
def test_it_is_the_session_that_the_same_settings_by_hand_give(params, settings, by_hand):
    assert planned(preset(**params), *settings).digest == planned(None, *by_hand).digest
    assert planned(preset(**params), *settings).digest != planned(None).digest


@pytest.mark.parametrize(
    "one, settings, said",
    [
        (preset(entry_spred_bps=20), (), "preset winner@2 does not fit: no parameter 'entry_spred_bps'.*tune again"),
        (preset(entry_spread_bps=-1e9), (), "preset winner@2 does not fit: entry_spread_bps"),
        (preset(**{"symbol.W.entry_spread_bps": 20}), (), "preset winner@2 does not fit: .*no symbol 'W'"),
        (preset(strategy="maker"), (), "preset winner@2 is for the strategy maker, the session's is taker_taker"),
        (preset(entry_spread_bps=20), ("taker_fee=1",), "^no parameter 'taker_fee'"),
        (preset(entry_spread_bps=-1e9), ("taker_fee=1",), "^no parameter 'taker_fee'"),
    ],
)
def test_what_does_not_fit_is_said_of_whom_it_is(one, settings, said):
    with pytest.raises(BadInput, match=said):
        planned(one, *settings)


def test_a_setting_by_hand_takes_the_place_of_what_cannot_be():
    assert planned(preset(entry_spread_bps=-1e9), "entry_spread_bps=20").params.entry_spread_bps == 20
