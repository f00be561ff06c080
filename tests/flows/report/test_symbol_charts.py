"""Charts of symbols and of what they risk are inside their frame, small and readable, for one symbol as for fifty."""

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flows.report.exposure import Exposure
from flows.report.exposure_chart import SYMBOLS_MAX, exposure_chart
from flows.report.series import SessionSeries
from flows.report.symbols_chart import NAMED_MAX, symbols_chart
from flows.report.track import Track, combined
from tests.flows.report.picture_faults import SVG, faults_of, words_outside
from tests.flows.report.test_charts import FIGURES, series

CHARTS = {
    "symbols": lambda one: symbols_chart(one, one.realised),
    "exposure": lambda one: exposure_chart(one, one.exposure),
}
INF = float("inf")
POINTS = st.lists(st.tuples(st.integers(0, 4 * 10**18), FIGURES), max_size=12)


def told(realised: tuple[Track, ...], exposure: Exposure | None = None, marks: tuple = ()) -> SessionSeries:
    """A session that told its symbols apart."""
    return replace(series(list(marks), []), realised=realised, exposure=exposure)


def wide(count: int, moments: int = 4_000, venues: int = 2) -> SessionSeries:
    """So many symbols, with as much as a chart can have to show."""
    rng = np.random.default_rng(4)
    times = np.arange(moments) * 10**9
    names = [f"S{number:02}/USDT" for number in range(1, count + 1)]
    realised = tuple(Track(name, times, np.cumsum(rng.normal(0, number + 1, moments)))
                     for number, name in enumerate(names))  # fmt: skip
    held = tuple(Track(name, times, rng.integers(0, 3, moments) * 1_000.0, 2_500.0) for name in names)
    places = tuple(Track(f"venue{number}", times, rng.integers(0, 9, moments) * 1_000.0) for number in range(venues))
    marks = tuple(zip(times.tolist(), (10_000 + rng.normal(0, 9, moments)).tolist(), strict=True))
    return told(realised, Exposure(combined("portfolio", held, limit=2_000.0 * count), places, held), marks)


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("name", CHARTS)
@settings(max_examples=40, deadline=None)
@given(symbols=st.lists(POINTS, max_size=10), limit=st.one_of(st.floats(0, 1e12), st.just(INF)), marks=POINTS)
def test_any_session_can_be_drawn(name: str, symbols: list, limit: float, marks: list):
    tracks = [
        Track.of_values(
            f"S{number}", np.array([at for at, _ in points], np.int64), np.array([one for _, one in points])
        )
        for number, points in enumerate(symbols)
    ]
    realised = tuple(replace(track, values=np.nan_to_num(track.values)) for track in tracks)
    held = tuple(replace(track, values=np.abs(track.values), limit=limit) for track in tracks)
    exposure = Exposure(combined("portfolio", held, limit=limit), held[:3], held)
    one = told(realised, exposure, tuple(sorted(marks)))
    assert faults_of(CHARTS[name](one)) == []
    assert CHARTS[name](one) == CHARTS[name](one)


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("count, venues", [(1, 2), (2, 2), (8, 3), (50, 2), (50, 8)])
def test_one_symbol_or_fifty_fit_into_a_small_picture(name: str, count: int, venues: int):
    svg = CHARTS[name](wide(count, venues=venues))
    assert faults_of(svg) == []
    assert words_outside(svg) == []


@pytest.mark.parametrize("name, words", [("symbols", "nothing was booked"), ("exposure", "nothing was ever at risk")])
def test_a_session_without_anything_says_so(name: str, words: str):
    empty = Track("portfolio", np.zeros(0, np.int64), np.zeros(0))
    assert words in CHARTS[name](told((), Exposure(empty, (), ())))
    assert words in CHARTS[name](told((empty,), Exposure(empty, (empty,), (empty,))))


def test_symbols_of_the_largest_pnl_are_named_and_the_rest_is_their_sum():
    tracks = tuple(Track(f"S{n}", np.array([10**9]), np.array([(-1.0) ** n * n])) for n in range(1, 13))
    said = texts(CHARTS["symbols"](told(tracks)))
    assert {f"S{n} {'+' if n % 2 == 0 else '−'}{n}.00" for n in range(5, 13)} <= set(said)
    assert "4 others +2.00" in said  # −1 + 2 − 3 + 4
    assert "S4 +4.00" not in said
    assert "12 symbols realised +6.00" in said
    assert sum(bool(re.match(r"S\d+ ", words)) for words in said) == NAMED_MAX


def test_names_do_not_lie_on_each_other():
    close = tuple(Track(f"S{n}", np.array([10**9]), np.array([100.0 + n / 1_000])) for n in range(12))
    for one in (told(close), told(tuple(replace(track, values=-track.values) for track in close))):
        names = [
            text for text in ET.fromstring(CHARTS["symbols"](one)).iter(f"{SVG}text") if float(text.attrib["x"]) > 660
        ]
        heights = sorted(float(text.attrib["y"]) for text in names)
        assert len(heights) == NAMED_MAX + 2
        assert min(np.diff(heights)) >= 14


def held(name: str, *values: float, limit: float = INF) -> Track:
    """A value a second."""
    return Track(name, np.arange(len(values)) * 10**9, np.array(values), limit)


DASHED = 'stroke-dasharray="5 3"'
LIMITS = [(INF, "largest 90.00, no limit", 0), (100.0, "largest 90.00, limit 100", 1), (99.5, "limit 99.50", 1),
          (90.0, "limit 90", 1), (50.0, "limit 50", 1), (1e6, "limit 1,000,000", 0), (0.0, "limit 0", 1)]  # fmt: skip


@pytest.mark.parametrize("limit, words, lines", LIMITS)
def test_a_limit_is_said_and_drawn_where_it_is_near(limit: float, words: str, lines: int):
    svg = exposure_chart(told(()), Exposure(held("portfolio", 0.0, 90.0, 20.0, limit=limit), (), ()))
    assert words in svg
    assert svg.count(DASHED) == lines


def test_the_most_exposed_have_a_panel_and_the_largest_of_the_others_is_said():
    symbols = tuple(held(f"S{n}", 0.0, 10.0 * n, 0.0) for n in range(1, 10))
    said = texts(exposure_chart(told(()), Exposure(combined("portfolio", symbols), (held("east", 1.0),), symbols)))
    shown = [words for words in said if re.fullmatch(r"S\d", words)]
    assert shown == [f"S{n}" for n in range(9, 9 - SYMBOLS_MAX, -1)]
    assert "not shown: 3 other symbols, none above 30.00" in said
    assert "east" in said


def test_the_highest_moment_is_drawn_though_it_is_the_shortest():
    moments = np.array([0, 5 * 10**12, 5 * 10**12 + 1, 10**13])
    short = Track("portfolio", moments, np.array([10.0, 1_000.0, 10.0, 10.0]))
    svg = exposure_chart(told(()), Exposure(short, (), ()))
    assert "largest 1,000.00" in svg
    highest = min(y for y in (point[1] for point in stairs(svg)))
    assert highest < 75  # of the panel from 62 to 200


def stairs(svg: str) -> list[tuple[float, float]]:
    """The points of the line of the largest values."""
    from tests.flows.report.picture_faults import points_of

    (path,) = re.findall(r'<path d="([^"]+)" fill="none"', svg)
    return points_of(path)


def test_moments_at_an_unknown_rate_are_said():
    svg = exposure_chart(told(()), Exposure(held("portfolio", 5.0, np.nan, 7.0), (), ()))
    assert "not shown: 1 moments at a rate that is not known" in svg
    assert "largest 7.00" in svg
