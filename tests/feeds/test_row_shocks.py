"""Each kind of distortion: what it changes, and that it is a pure change of rows, however they are batched."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import ALL_SYMBOLS, FeedStatus, RowKind
from arbitrage_core.feeds.distorted import Distorted
from arbitrage_core.feeds.distortion import OWN_FIELDS, Distortion
from arbitrage_core.feeds.row_stream import CHUNK_ROWS
from arbitrage_core.feeds.scripted import Scripted, Step
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from tests.feeds.recordings import rows_of

VENUES, SYMBOLS, ROWS = ("a", "b"), ("X/USDT", "Y/USDT"), 4_000
WINDOW = {"from_s": 20.0, "until_s": 60.0}
EACH = {
    "CROSSED": {"venue": "b"},
    "SHIFTED": {"venue": "b", "size_bps": 100.0, "ramp_s": 5.0},
    "NOISY": {"size_bps": 10.0, "seed": 7},
    "THINNED": {"symbol": "X/USDT", "factor": 0.25},
    "COLLAPSED": {"toward": "a", "factor": 0.1},
    "FROZEN": {"venue": "b"},
    "DOWN": {"venue": "b"},
    "DEPEGGED": {"currency": 1, "size_bps": -500.0},
}


def feed(chunk_rows: int = CHUNK_ROWS) -> Scripted:
    quotes = SyntheticQuotes(preset("mixed").market, venues=VENUES, symbols=SYMBOLS, rows=ROWS, seed=3)
    return Scripted(quotes, [Step(at_s=n, currency=1, rate=2.0) for n in range(80)], chunk_rows=chunk_rows)


def shocked(kind: str, **fields: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(rows before, rows after, whether each comes within the window)."""
    before = rows_of(feed())
    after = rows_of(Distorted(feed(), [Distortion(kind=kind, **{**WINDOW, **EACH[kind], **fields})]))
    since_s = (before["now_ns"] - before["now_ns"][0]) / 1e9
    return before, after, (since_s >= 20.0) & (since_s < 60.0)


def quotes_of(rows: np.ndarray, venue: int | None = None) -> np.ndarray:
    there = rows["kind"] == RowKind.QUOTE
    return there if venue is None else there & (rows["venue"] == venue)


# ------------------------------------------------------------------------------------------------ what holds of each


def test_every_kind_is_tried() -> None:
    assert set(EACH) == set(OWN_FIELDS)


distortions = st.lists(
    st.sampled_from(sorted(EACH)).flatmap(
        lambda kind: st.tuples(st.floats(0, 40), st.floats(11, 60)).map(
            lambda time: Distortion(kind=kind, **{**EACH[kind], "from_s": time[0], "until_s": time[0] + time[1]})
        )
    ),
    min_size=1,
    max_size=3,
)


@given(distortions, st.sampled_from((64, 700, 4096)))
def test_a_distortion_is_a_pure_change_of_rows(chosen: list[Distortion], chunk_rows: int) -> None:
    """The same rows in, the same rows out, in any batches; as many, in the same order; what goes in stays as it is."""
    kept = list(feed(chunk_rows))
    originals = [rows.tobytes() for rows in kept]
    after = rows_of(Distorted(feed(), chosen))
    assert rows_of(Distorted(feed(chunk_rows), chosen)).tobytes() == after.tobytes()
    for given_rows, changed in zip(kept, Distorted(feed(chunk_rows), chosen), strict=True):
        assert len(given_rows) == len(changed)
        assert (given_rows["now_ns"] == changed["now_ns"]).all()
    assert [rows.tobytes() for rows in kept] == originals


@pytest.mark.parametrize("kind", sorted(EACH))
def test_nothing_changes_outside_its_time_but_the_word_that_a_venue_is_up_again(kind: str) -> None:
    before, after, during = shocked(kind)
    changed = np.array([one.tobytes() != other.tobytes() for one, other in zip(before, after, strict=True)])
    assert changed[during].any()
    outside = np.flatnonzero(changed & ~during)
    assert len(outside) == (kind == "DOWN")
    assert (after["kind"][outside] == RowKind.FEED).all()


@pytest.mark.parametrize("kind", sorted(EACH))
def test_its_identity_tells_all_that_the_rows_follow_from(kind: str) -> None:
    one = Distortion(kind=kind, **{**WINDOW, **EACH[kind]})
    assert Distortion.model_validate(one.definition()) == one


# ------------------------------------------------------------------------------------------------ what each one does


def test_a_shift_grows_stays_and_goes_back() -> None:
    before, after, _ = shocked("SHIFTED")
    there = quotes_of(before, 1)
    since_s = ((before["now_ns"] - before["now_ns"][0]) / 1e9)[there]
    for name in ("bid_px", "ask_px"):
        by_bps = (after[name][there, 0] / before[name][there, 0] - 1.0) * 1e4
        expected = 100.0 * np.clip(np.minimum(since_s - 20.0, 60.0 - since_s) / 5.0, 0.0, 1.0)
        assert np.allclose(by_bps, expected, atol=1e-6)


def test_noise_has_the_size_asked_for_and_hangs_on_its_seed_alone() -> None:
    before, after, _ = shocked("NOISY", until_s=1e4, from_s=0.0)
    there = quotes_of(before)
    noise_bps = (after["bid_px"][there, 0] / before["bid_px"][there, 0] - 1.0) * 1e4
    assert abs(noise_bps.mean()) < 0.6
    assert abs(noise_bps.std() - 10.0) < 0.4
    assert after.tobytes() != shocked("NOISY", until_s=1e4, from_s=0.0, seed=8)[1].tobytes()


def test_a_thinned_book_shows_its_share_of_the_quantities() -> None:
    before, after, during = shocked("THINNED")
    there = quotes_of(before) & during & (before["symbol"] == 0)
    assert np.allclose(after["ask_qty"][there], 0.25 * before["ask_qty"][there], rtol=1e-15)
    assert (after["bid_px"] == before["bid_px"]).all()


def test_collapsed_prices_keep_a_tenth_of_their_distance_to_the_last_mid_there() -> None:
    before, after, during = shocked("COLLAPSED")
    mids = {name: (rows["bid_px"][:, 0] + rows["ask_px"][:, 0]) / 2 for name, rows in (("b", before), ("a", after))}
    last, checked = {}, 0
    for n in np.flatnonzero(quotes_of(before)):
        symbol = int(before["symbol"][n])
        if before["venue"][n] == 0:
            last[symbol] = mids["b"][n]
        elif during[n]:
            expected = last[symbol] + 0.1 * (mids["b"][n] - last[symbol])
            assert mids["a"][n] == pytest.approx(expected, rel=1e-12)
            checked += 1
    assert checked > 200


def test_a_frozen_venue_repeats_its_last_quote_with_the_age_it_has() -> None:
    before, after, during = shocked("FROZEN")
    for symbol in (0, 1):
        mine = quotes_of(before, 1) & (before["symbol"] == symbol)
        last = before[np.flatnonzero(mine & ~during & (before["now_ns"] < before["now_ns"][during][0]))[-1]]
        stuck = after[mine & during]
        assert (stuck["bid_px"] == last["bid_px"]).all()
        assert (stuck["received_ns"] == last["received_ns"]).all()
        assert (np.diff(stuck["now_ns"] - stuck["received_ns"]) > 0).all()


def test_a_venue_that_is_down_says_so_is_silent_and_says_when_it_is_up() -> None:
    before, after, during = shocked("DOWN")
    lost = np.flatnonzero((before["venue"] == 1) & during & (before["kind"] != RowKind.RATE))
    assert after["kind"][lost[0]] == RowKind.FEED
    assert (after["status"][lost[0]], after["symbol"][lost[0]]) == (FeedStatus.DOWN, ALL_SYMBOLS)
    assert (after["kind"][lost[1:]] == RowKind.TIMER).all()
    said = (after["kind"] == RowKind.FEED) & (after["symbol"] == ALL_SYMBOLS)
    up = np.flatnonzero(said & (after["status"] == FeedStatus.UP))
    assert len(up) == 1
    assert up[0] > lost[-1]


def test_a_peg_that_breaks_moves_only_its_currency() -> None:
    before, after, during = shocked("DEPEGGED")
    rates = before["kind"] == RowKind.RATE
    assert np.allclose(after["rate"][rates & during], 1.9)
    assert (after["rate"][rates & ~during] == 2.0).all()
    other = rows_of(Distorted(feed(), [Distortion(kind="DEPEGGED", currency=2, size_bps=-500.0, **WINDOW)]))
    assert other.tobytes() == before.tobytes()


# ---------------------------------------------------------------------------------------------------- what cannot be


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "CROSSED", "size_bps": 1.0},
        {"kind": "COLLAPSED", "factor": 0.1},
        {"kind": "DEPEGGED", "size_bps": -1.0},
        {"kind": "DOWN"},
        {"kind": "SHIFTED", "size_bps": 1.0, "ramp_s": 30.0},
        {"kind": "THINNED", "factor": 0.5, "until_s": 10.0},
    ],
)
def test_a_distortion_that_makes_no_sense_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Distortion(**{**WINDOW, **fields})


def test_a_venue_to_come_close_to_must_be_there() -> None:
    with pytest.raises(BadInput):
        Distorted(feed(), [Distortion(kind="COLLAPSED", toward="c", factor=0.1, **WINDOW)])


# ------------------------------------------------------------------------------------------------ one-sided books


class OneSided:
    """The feed of these tests with sides that empty: every fifth quote has no ask, every seventh no bid."""

    venues, symbols, levels = VENUES, SYMBOLS, 1

    def identity(self) -> dict[str, object]:
        return {**feed().identity(), "emptied": True}

    def __iter__(self) -> Iterator[np.ndarray]:
        rows = rows_of(feed())
        quotes = np.flatnonzero(rows["kind"] == RowKind.QUOTE)
        for side, each in (("ask", 5), ("bid", 7)):
            for name in ("px", "qty"):
                rows[f"{side}_{name}"][quotes[::each]] = 0.0
        yield rows


@pytest.mark.parametrize("kind", sorted(set(EACH) - {"DOWN", "FROZEN"}))
def test_a_side_that_is_empty_stays_empty_and_no_price_comes_of_it(kind: str) -> None:
    before = rows_of(OneSided())
    after = rows_of(Distorted(OneSided(), [Distortion(kind=kind, **WINDOW, **EACH[kind])]))
    quotes = quotes_of(before)
    for name in ("bid_px", "bid_qty", "ask_px", "ask_qty"):
        assert np.isfinite(after[name][quotes]).all()
        assert ((after[name][quotes] == 0.0) == (before[name][quotes] == 0.0)).all()
    if kind in ("CROSSED", "COLLAPSED", "SHIFTED"):
        assert (after["bid_px"] != before["bid_px"])[quotes].any()


def test_a_price_alone_collapses_as_far_as_a_mid_would() -> None:
    before = rows_of(OneSided())
    after = rows_of(Distorted(OneSided(), [Distortion(kind="COLLAPSED", **WINDOW, toward="a", factor=1e-9)]))
    moved = quotes_of(before, 1) & (after["bid_px"][:, 0] != before["bid_px"][:, 0])
    alone = moved & (before["ask_px"][:, 0] == 0.0)
    assert alone.any()
    assert abs(after["bid_px"][alone, 0] / before["bid_px"][alone, 0] - 1.0).max() < 0.1
