"""Every chart is well-formed, small, inside its frame and the same each time, whatever a session measured."""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.outcome import CampaignOutcome, SeedOutcome
from flows.report.axis import Axis
from flows.report.bands_chart import banded_figures, bands_chart, figures_banded_by_symbol, symbol_bands_chart
from flows.report.drawing import SVG_BYTES_MAX, Drawing
from flows.report.equity_chart import equity_chart
from flows.report.series import SessionSeries
from flows.report.thinning import extremes
from flows.report.trades_chart import REASONS, trades_chart
from flows.stages.stage import Band, Campaign, OldFigures, Stage
from tests.flows.report.picture_faults import SVG, faults_of, points_of, words_outside

CHARTS: dict[str, Callable[[SessionSeries], str]] = {"equity": equity_chart, "trades": trades_chart}
FIGURES = st.one_of(
    st.floats(), st.floats(-1e6, 1e6), st.sampled_from([0.0, -0.0, 1e308, -1e308, 5e-324, float("nan"), float("inf")])
)


def series(marks: list[tuple[int, float]], trades: list[tuple[float, float, float, str]], start: float = 10_000.0):
    """Of a session with these marks (moment, equity) and trades (PnL, edge decided, edge realised, reason)."""
    columns = list(zip(*trades, strict=True)) or [(), (), (), ()]
    return SessionSeries(
        campaign="C1",
        seed=1,
        currency="USDT",
        start_quote=start,
        marked_ns=np.array([moment for moment, _ in marks], np.int64),
        equity_quote=np.array([equity for _, equity in marks], np.float64),
        pnl_quote=np.array(columns[0], np.float64),
        decided_bps=np.array(columns[1], np.float64),
        realised_bps=np.array(columns[2], np.float64),
        reasons=np.array(columns[3], str),
    )


def long_series(count: int = 60_000) -> SessionSeries:
    """A long, rough session, as much as a chart can have to show."""
    rng = np.random.default_rng(3)
    equity = 10_000 + np.cumsum(rng.normal(0, 50, count))
    marks = list(zip(range(0, count * 10**9, 10**9), equity.tolist(), strict=True))
    reasons = list(REASONS)
    trades = [
        (float(a), float(b), float(c), reasons[number % len(reasons)])
        for number, (a, b, c) in enumerate(rng.normal(0, 20, (count // 5, 3)))
    ]
    return series(marks, trades)


@pytest.mark.parametrize("name", CHARTS)
@settings(max_examples=60, deadline=None)
@given(
    marks=st.lists(st.tuples(st.integers(0, 4 * 10**18), FIGURES), max_size=30).map(sorted),
    trades=st.lists(st.tuples(FIGURES, FIGURES, FIGURES, st.sampled_from([*REASONS, "NEW"])), max_size=30),
    start=st.floats(0, 1e12),
)
def test_any_session_can_be_drawn(name: str, marks: list, trades: list, start: float):
    svg = CHARTS[name](series(marks, trades, start))
    assert faults_of(svg) == []
    assert svg == CHARTS[name](series(marks, trades, start))


@pytest.mark.parametrize("name", CHARTS)
def test_a_long_rough_session_stays_small(name: str):
    svg = CHARTS[name](long_series())
    assert faults_of(svg) == []
    assert len(svg) > 5_000  # it is drawn all the same


@pytest.mark.parametrize("name, words", [("equity", "no mark of the equity"), ("trades", "no trade ended")])
def test_a_session_without_anything_says_so(name: str, words: str):
    assert words in CHARTS[name](series([], []))


def test_marks_that_are_not_numbers_are_counted():
    svg = equity_chart(series([(0, 10_000.0), (10**9, float("nan")), (2 * 10**9, 10_005.5)], []))
    assert "to 10,005.50: +5.50 · 1 marks are not numbers" in svg


def test_the_deepest_drawdown_is_drawn_though_it_lasts_one_mark_of_many():
    marks = [(second * 10**9, 10_000.0 if second != 31_111 else 9_000.0) for second in range(60_000)]
    svg = equity_chart(series(marks, []))
    lows = [max(y for _, y in points_of(path)) for path in re.findall(r'<path d="([^"]+)" fill="none"', svg)]
    assert len(lows) == 2
    assert lows[0] > 200  # of the equity's panel, 56 to 222
    assert lows[1] > 320  # of the drawdown's, 264 to 336


def test_tails_are_counted_at_the_edge_and_said():
    trades = [(float(number % 10), 5.0, 3.0, "CONVERGED") for number in range(1_000)] + [(1e6, 5.0, 1e6, "HOLD_TIME")]
    svg = trades_chart(series([], trades))
    assert "1 lie beyond the axis" in svg
    assert "1 beyond, at the frame" in svg
    assert faults_of(svg) == []


def test_what_a_picture_is_checked_by_finds_faults():
    drawing = Drawing(100, 50, "bad")
    drawing.line(0, 0, 101, 10, "#000")
    drawing.box(0, 0, 10, -3, "#000")
    drawing.curve(np.array([0.0, 50.0]), np.array([0.0, 70.0]), "#000")
    drawing.text(0, 0, "x" * SVG_BYTES_MAX)
    found = faults_of(drawing.svg())
    assert len(found) == 5, found
    for what in ("bytes", "line at x 101", "negative size", "rect at y -3", "path at y 70"):
        assert any(what in fault for fault in found), what
    with pytest.raises(ET.ParseError):
        faults_of("<svg><text>a & b</text></svg>")


def test_words_that_do_not_fit_are_found():
    drawing = Drawing(100, 50, "bad")
    for place, anchor in ((60, "start"), (40, "end"), (50, "middle"), (15, "middle")):
        drawing.text(place, 10, "eight or nine", anchor=anchor, size=11)
    assert len(words_outside(drawing.svg())) == 3


def test_words_are_made_harmless():
    drawing = Drawing(100, 50, "a \"quoted\" <title> & 'more'")
    drawing.text(1, 1, "<b>&\x00\x1b ]]>")
    texts = [element.text for element in ET.fromstring(drawing.svg()).iter(f"{SVG}text")]
    assert texts == ["<b>&�� ]]>"]


AXES = [
    (0.0, 100.0, ["0", "20", "40", "60", "80", "100"]),
    (-0.02, 0.03, ["−0.02", "−0.01", "0.00", "0.01", "0.02", "0.03"]),
    (8_600.0, 10_000.0, ["9,000", "9,500", "10,000"]),
    (0.0, 250_000.0, ["0", "50k", "100k", "150k", "200k", "250k"]),
    (-3e6, 2e8, ["0", "50M", "100M", "150M", "200M"]),
    (0.0, 3e15, ["0", "1e+15", "2e+15", "3e+15"]),
]


@pytest.mark.parametrize("low, high, labels", AXES)
def test_ticks_are_round_and_read_so(low: float, high: float, labels: list[str]):
    axis = Axis.exact(low, high, 0, 100)
    assert [axis.label(tick) for tick in axis.ticks()] == labels


@given(st.lists(FIGURES, max_size=10))
def test_an_axis_holds_its_values_and_has_few_ticks(values: list[float]):
    axis = Axis.of(values, 300.0, 20.0)
    assert axis.low < axis.high
    assert len(axis.ticks()) <= 7
    assert all(20.0 <= axis.at(value) <= 300.0 for value in values if np.isfinite(value))
    assert all(axis.holds(value) for value in values if abs(value) <= 1e18)


@given(st.lists(st.tuples(st.integers(0, 10**6), st.floats(-1e9, 1e9)), min_size=1, max_size=200), st.integers(1, 9))
def test_thinning_keeps_both_ends_and_both_extremes(points: list[tuple[int, float]], stretches: int):
    points.sort()
    places, values = (np.array(column, np.float64) for column in zip(*points, strict=True))
    kept = extremes(places, values, stretches)
    assert len(kept) <= 4 * stretches + 1
    assert {0, len(values) - 1} <= set(kept.tolist())
    assert (values[kept].min(), values[kept].max()) == (values.min(), values.max())
    assert (np.diff(kept) > 0).all()


def seed(number: int, rate: float | None, mode: str = "backtest") -> SeedOutcome:
    """A session that measured a win rate."""
    return SeedOutcome(
        campaign="C1",
        seed=number,
        mode=mode,
        session=f"{mode}-{number}",
        record_id=number,
        config_digest="",
        state_hash="ab" * 32,
        figures={"win_rate": rate},
        exits={},
        order_states={},
        identical=True,
        elapsed_s=0.1,
    )


def staged(*campaigns: str) -> Stage:
    """A stage with a band for the win rate of each campaign."""
    band = Band(figure="win_rate", least=0.4, most=0.6)
    return Stage(
        name="D65",
        title="title",
        purpose="purpose",
        campaigns=tuple(
            Campaign(name=name, title="mixed: a long title", preset="mixed", rows=10, bands=(band,), seeds=(1, 2, 3))
            for name in campaigns
        ),
        old_figures={"C1": OldFigures(win_rate=1.0)},
    )


def outcome(*seeds: SeedOutcome) -> CampaignOutcome:
    """A campaign of these sessions."""
    backtests = tuple(one for one in seeds if one.mode == "backtest")
    papers = tuple(one for one in seeds if one.mode == "paper")
    return CampaignOutcome(campaign="C1", run_id=1, backtests=backtests, papers=papers, elapsed_s=1.0)


MISSES = [(0.39999, 1), (0.60001, 1), (0.4, 0), (0.6, 0), (None, 1), (float("nan"), 1), (float("inf"), 1)]


@pytest.mark.parametrize("rate, crosses", MISSES)
def test_a_seed_outside_its_band_is_a_cross(rate: float | None, crosses: int):
    svg = bands_chart(staged("C1"), {"C1": outcome(seed(1, 0.5), seed(2, rate), seed(1, 0.5, "paper"))}, "win_rate")
    legend = 2  # lines of its own cross
    assert svg.count('stroke="#d55e00" stroke-width="2"') - legend == 2 * crosses
    assert faults_of(svg) == []


@pytest.mark.parametrize("names", [("C1",), ("C1", "C2"), ("C1", "C2", "C3", "C4", "C5", "C6", "C7")])
def test_campaigns_that_were_not_run_say_so(names: tuple[str, ...]):
    svg = bands_chart(staged(*names), {}, "win_rate")
    assert svg.count("not run") == len(names)
    assert faults_of(svg) == []


def by_symbol(count: int) -> Campaign:
    """A campaign with a band for each of so many symbols."""
    bands = tuple(Band(figure="win_rate", symbol=f"S{n}", least=0.4, most=0.6) for n in range(count))
    return staged("C1").campaigns[0].model_copy(update={"bands": bands, "seeds": tuple(range(1, 21))})


def seeds_by_symbol(count: int, rates: dict[str, float | None]) -> CampaignOutcome:
    """Twenty seeds in which each symbol wins half its trades, but for the rates named."""
    symbols = {f"S{n}": {"win_rate": rates.get(f"S{n}", 0.5)} for n in range(count)}
    return outcome(*(seed(n, None).model_copy(update={"symbols": symbols}) for n in range(1, 21)))


@pytest.mark.parametrize("rate, crosses", MISSES)
def test_a_symbol_is_held_against_its_own_band(rate: float | None, crosses: int):
    svg = symbol_bands_chart(by_symbol(3), seeds_by_symbol(3, {"S1": rate}), "win_rate")
    assert svg.count('stroke="#d55e00" stroke-width="2"') - 2 == 20 * 2 * crosses
    assert [name for name in ("S0", "S1", "S2", "S3") if f">{name}<" in svg] == ["S0", "S1", "S2"]
    assert faults_of(svg) == []


def test_of_fifty_symbols_those_with_the_least_room_are_drawn():
    near = {f"S{n}": 0.4 + n / 1_000 for n in range(6)} | {"S20": 0.7, "S21": None, "S22": 0.599}
    svg = symbol_bands_chart(by_symbol(50), seeds_by_symbol(50, near), "win_rate")
    assert "the 9 of 50 with the least room" in svg
    assert {name for name in (f"S{n}" for n in range(50)) if f">{name}<" in svg} == set(near)
    assert faults_of(svg) == words_outside(svg) == []


def test_bands_of_symbols_are_not_bands_of_the_session():
    stage = staged("C1").model_copy(update={"campaigns": (by_symbol(2),)})
    assert banded_figures(stage) == []
    assert figures_banded_by_symbol(by_symbol(2)) == ["win_rate"]
    assert "not run" in symbol_bands_chart(by_symbol(2), None, "win_rate")
