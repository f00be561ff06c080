"""One suite for every feed: what `Feed` promises."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from arbitrage_core.domain.row import RowKind, row_dtype
from arbitrage_core.feeds.distorted import Distorted
from arbitrage_core.feeds.distortion import Distortion
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.recorded import RecordedQuotes
from arbitrage_core.feeds.scripted import Scripted, Step
from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from tests.feeds.recordings import START_NS, columns, rows_of, written

MakeFeed = Callable[[Path, int], Feed]


def _synthetic(symbols: tuple[str, ...], levels: int, name: str = "thin") -> MakeFeed:
    def make(_folder: Path, chunk_rows: int) -> Feed:
        return SyntheticQuotes(
            preset(name).market,
            venues=("alpha", "beta"),
            symbols=symbols,
            rows=9_000,
            seed=5,
            levels=levels,
            chunk_rows=chunk_rows,
        )

    return make


def _recorded(files: int, levels: int) -> MakeFeed:
    def make(folder: Path, chunk_rows: int) -> Feed:
        paths = []
        for number in range(files):
            path = folder / f"{number}.parquet"
            if not path.exists():
                written(path, columns(6_000, levels=levels, start_ns=START_NS + 7 * number), row_group_size=1_000)
            paths.append(path)
        return RecordedQuotes(paths, chunk_rows=chunk_rows, ended_after_ns=5)

    return make


def _of_two_markets(_folder: Path, chunk_rows: int) -> Feed:
    return SyntheticQuotes(
        preset("low").market,
        venues=("alpha", "beta"),
        symbols=("BTC/USDT", "ETH/USDT"),
        rows=9_000,
        seed=5,
        chunk_rows=chunk_rows,
        markets={"BTC/USDT": preset("high").market},
    )


def _scripted(folder: Path, chunk_rows: int) -> Feed:
    script = (
        Step(at_s=200.0, command="KILL"),
        Step(at_s=0.0, currency=1, rate=1.5),
        Step(at_s=100.0, command="SYMBOL_OFF", symbol="ETH/USDT"),
        Step(at_s=1e6, command="KILL_RELEASE"),
    )
    return Scripted(_of_two_markets(folder, chunk_rows), script, chunk_rows=chunk_rows)


FEEDS = {
    "synthetic, each symbol its market": _of_two_markets,
    "scripted": _scripted,
    "distorted": lambda folder, chunk_rows: Distorted(
        _of_two_markets(folder, chunk_rows), [Distortion(kind="CROSSED", venue="alpha", from_s=1e5, until_s=2e5)]
    ),
    "synthetic, one symbol": _synthetic(("BTC/USDT",), 1),
    "synthetic, three symbols, four levels": _synthetic(("BTC/USDT", "ETH/USDT", "SOL/USDT"), 4),
    "synthetic, with halts": _synthetic(("BTC/USDT", "ETH/USDT"), 1, "mixed"),
    "recorded, one file": _recorded(1, 1),
    "recorded, two files, three levels": _recorded(2, 3),
}


@pytest.fixture(params=FEEDS.values(), ids=FEEDS.keys())
def make_feed(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[int], Feed]:
    return lambda chunk_rows=65_536: request.param(tmp_path, chunk_rows)


def test_it_is_a_feed(make_feed):
    assert isinstance(make_feed(), Feed)


def test_iterating_twice_gives_the_same_bytes(make_feed):
    feed = make_feed()
    assert rows_of(feed).tobytes() == rows_of(feed).tobytes()


def test_two_feeds_of_one_definition_are_the_same(make_feed):
    first, second = make_feed(), make_feed()
    assert first.identity() == second.identity()
    assert rows_of(first).tobytes() == rows_of(second).tobytes()


@pytest.mark.parametrize("chunk_rows", (1, 7, 4096, 4097))
def test_how_many_rows_an_array_holds_changes_nothing(make_feed, chunk_rows):
    feed = make_feed(chunk_rows)
    assert rows_of(feed).tobytes() == rows_of(make_feed()).tobytes()
    assert feed.identity() == make_feed().identity()
    assert {len(rows) for rows in list(feed)[:-1]} <= {chunk_rows}


def test_arrays_handed_over_are_not_written_again(make_feed):
    arrays = iter(make_feed(512))
    first = next(arrays)
    before = first.tobytes()
    for _ in arrays:
        pass
    assert first.tobytes() == before


def test_now_never_decreases(make_feed):
    assert (np.diff(rows_of(make_feed())["now_ns"]) >= 0).all()


def test_rows_have_the_dtype_of_its_levels_and_are_numbered_by_its_names(make_feed):
    feed = make_feed()
    rows = rows_of(feed)
    assert rows.dtype == row_dtype(feed.levels)
    assert set(np.unique(rows["kind"])) <= {RowKind.QUOTE, RowKind.FEED, RowKind.COMMAND, RowKind.RATE}
    rows = rows[rows["kind"] == RowKind.QUOTE]
    assert set(np.unique(rows["venue"])) == set(range(len(feed.venues)))
    assert set(np.unique(rows["symbol"])) == set(range(len(feed.symbols)))


def test_every_quote_can_be_traded_on(make_feed):
    rows = rows_of(make_feed())
    quotes = rows[rows["kind"] == RowKind.QUOTE]
    assert (quotes["bid_px"][:, 0] > 0).all()
    assert (quotes["bid_px"][:, 0] < quotes["ask_px"][:, 0]).all()
    assert (np.diff(quotes["bid_px"], axis=1) < 0).all()
    assert (np.diff(quotes["ask_px"], axis=1) > 0).all()
    assert (quotes["bid_qty"] > 0).all()
    assert (quotes["ask_qty"] > 0).all()
    assert (quotes["received_ns"] == quotes["now_ns"]).all()


def test_its_identity_is_json_with_a_sha256(make_feed):
    import json

    identity = make_feed().identity()
    assert json.loads(json.dumps(identity)) == identity
    assert len(bytes.fromhex(identity["sha256"])) == 32
