"""The space: which parameters are varied, and where, as data.

    entry_spread_bps=15:60          any number in between
    entry_spread_bps=15:60:2.5      in steps
    hold_max_ms=1000:60000:log      evenly by magnitude
    max_open_trades=1:4:int         whole numbers
    entry_order=ioc,market          one of these

A constraint is `a < b` between two parameters, or a parameter and a number. Sets that break one, or that no session can
be planned with, are not tried.
"""

import re
from collections.abc import Iterable, Mapping
from itertools import product
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from arbitrage_core.domain.errors import BadInput

Params = dict[str, Any]
GRID_MAX = 1_000_000
CONSTRAINT = re.compile(r"\s*([^<\s]+)\s*<\s*([^<\s]+)\s*")


class Range(BaseModel):
    """Where one parameter may lie: from `low` to `high`, both included, or one of `choices`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    low: float | None = None
    high: float | None = None
    step: float | None = None
    log: bool = False
    whole: bool = False
    choices: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_one(self) -> "Range":
        if self.choices:
            return self
        if self.low is None or self.high is None or not self.low < self.high:
            raise ValueError("a range goes from a lower to a higher number")
        if self.log and (self.low <= 0 or self.step is not None):
            raise ValueError("a range by magnitude begins above 0 and has no steps")
        if self.step is not None and not 0 < self.step <= self.high - self.low:
            raise ValueError("a step is above 0 and inside the range")
        if self.whole and not (self.low.is_integer() and self.high.is_integer()):
            raise ValueError("a range of whole numbers begins and ends with one")
        return self

    def grid(self) -> list[Any] | None:
        """All values, or None when there is no end of them."""
        if self.choices:
            return list(self.choices)
        step = 1.0 if self.whole and not self.log and self.step is None else self.step
        if step is None:
            return None
        count = int((self.high - self.low) / step + 1e-9) + 1
        values = [self.low + at * step for at in range(count)]
        return [int(value) for value in values] if self.whole else values


def range_of(text: str) -> tuple[str, Range]:
    """`name=low:high[:step|log|int]` or `name=a,b`. Raises BadInput."""
    name, equals, said = text.partition("=")
    cure = "write name=LOW:HIGH, name=LOW:HIGH:STEP, name=LOW:HIGH:log, name=LOW:HIGH:int or name=A,B"
    if not equals or not name.strip() or not said.strip():
        raise BadInput(f"{text!r} is no range", cure)
    parts = said.split(":")
    try:
        if len(parts) == 1:
            return name.strip(), Range(choices=tuple(part.strip() for part in said.split(",")))
        if len(parts) > 3:
            raise ValueError("too many colons")
        more = parts[2].strip() if len(parts) == 3 else ""
        step = float(more) if more not in ("", "log", "int") else None
        low, high = float(parts[0]), float(parts[1])
        return name.strip(), Range(low=low, high=high, step=step, log=more == "log", whole=more == "int")
    except ValidationError as error:
        raise BadInput(f"{text}: {error.errors()[0]['msg'].removeprefix('Value error, ')}", cure) from None
    except ValueError as error:
        raise BadInput(f"{text}: {error}", cure) from None


def grid_of(space: Mapping[str, Range]) -> Iterable[Params]:
    """Every set of the grid, the last parameter varying first. Raises BadInput when there is no end of them."""
    values = {name: one.grid() for name, one in space.items()}
    endless = [name for name, listed in values.items() if listed is None]
    if endless:
        raise BadInput(f"a grid needs steps for {', '.join(endless)}", "write name=LOW:HIGH:STEP")
    size = 1
    for listed in values.values():
        size *= len(listed or ())
    if size > GRID_MAX:
        raise BadInput(f"a grid of {size:,} sets", f"at most {GRID_MAX:,}: choose larger steps, or another sampler")
    return (dict(zip(values, one, strict=True)) for one in product(*values.values()))


def constraint_holds(constraint: str, params: Params) -> bool:
    """Whether a set keeps `a < b`. Raises BadInput for one that names neither parameter nor number."""
    found = CONSTRAINT.fullmatch(constraint)
    if found is None:
        raise BadInput(f"{constraint!r} is no constraint", "write A<B, as in exit_spread_bps<entry_spread_bps")
    low, high = (_side(side, params, constraint) for side in found.groups())
    return low < high


def _side(side: str, params: Params, constraint: str) -> float:
    try:
        return float(params.get(side, side))
    except ValueError:
        raise BadInput(
            f"{constraint}: {side} is neither varied nor a number", f"varied are {', '.join(params)}"
        ) from None
