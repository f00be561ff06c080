"""The space: ranges and constraints as an operator writes them."""

import pytest

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.tuning.space import Range, constraint_holds, grid_of, range_of

READ = [
    ("a=1:3", Range(low=1, high=3), None),
    ("a=1:2:0.25", Range(low=1, high=2, step=0.25), [1.0, 1.25, 1.5, 1.75, 2.0]),
    ("a=1:100:log", Range(low=1, high=100, log=True), None),
    ("a=1:4:int", Range(low=1, high=4, whole=True), [1, 2, 3, 4]),
    ("a=ioc, market", Range(choices=("ioc", "market")), ["ioc", "market"]),
    ("symbol.BTC/USDT.a=1:3", Range(low=1, high=3), None),
]


@pytest.mark.parametrize("text, expected, grid", READ)
def test_a_range_is_read_as_it_is_written(text: str, expected: Range, grid: list[object] | None):
    assert range_of(text) == (text.partition("=")[0], expected)
    assert expected.grid() == grid


@pytest.mark.parametrize(
    "text",
    ["a", "a=", "=1:2", "a=2:1", "a=1:1", "a=1:2:3:4", "a=1:x", "a=0:5:log", "a=1:2:9", "a=1.5:3:int", "a=1:nan"],
)
def test_what_is_no_range_is_refused(text: str):
    with pytest.raises(BadInput, match="write name=LOW:HIGH"):
        range_of(text)


@pytest.mark.parametrize(
    "text, cause",
    [
        ("a=60:20", "a=60:20: a range goes from a lower to a higher number"),
        ("a=0:60:log", "a=0:60:log: a range by magnitude begins above 0"),
        ("a=20:60:0", "a=20:60:0: a step is above 0"),
        ("a=1:2:3:4", "a=1:2:3:4: too many colons"),
    ],
)
def test_a_range_that_cannot_be_is_refused_with_what_is_wrong_with_it(text: str, cause: str):
    with pytest.raises(BadInput) as refused:
        range_of(text)
    assert refused.value.cause.startswith(cause)
    assert "pydantic" not in refused.value.cause


def test_a_grid_varies_the_last_parameter_first():
    space = dict(map(range_of, ["a=1:2:int", "b=x,y"]))
    assert list(grid_of(space)) == [{"a": a, "b": b} for a in (1, 2) for b in ("x", "y")]


@pytest.mark.parametrize(
    "texts, cause", [(["a=1:2"], "needs steps for a"), (["a=1:2000:1", "b=1:2000:1"], "4,000,000")]
)
def test_a_grid_without_end_is_refused(texts: list[str], cause: str):
    with pytest.raises(BadInput, match=cause):
        grid_of(dict(map(range_of, texts)))


@pytest.mark.parametrize(
    "constraint, holds", [("a<b", True), ("b < a", False), ("a<a", False), ("a<1.5", True), ("2<a", False)]
)
def test_a_constraint_holds_strictly(constraint: str, holds: bool):
    assert constraint_holds(constraint, {"a": 1.0, "b": 2.0}) is holds


@pytest.mark.parametrize("constraint", ["a", "a<b<c", "a>b", "a<c"])
def test_what_is_no_constraint_is_refused(constraint: str):
    with pytest.raises(BadInput):
        constraint_holds(constraint, {"a": 1.0, "b": 2.0})
