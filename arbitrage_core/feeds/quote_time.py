"""The time of a quote: which instants can be a recording's, and what a number that is none of them was meant to be.

Nothing in a column of numbers says their unit. Milliseconds taken for nanoseconds are a market of 1970 that lasts a
millionth of its time, and trade as if nothing were wrong; so times outside `EARLIEST_NS … LATEST_NS` are refused.

Where it is wrong: a time that is off and lies inside all the same (hours of a time zone, a product that ran over
64 bits) is not seen here; what a market's quotes look like beside another's is said in `overlap.py`.
"""

from datetime import UTC, datetime, timedelta

EARLIEST_NS = 1_230_768_000_000_000_000
"""2009-01-01: two days before the first block of the first coin there was to trade."""
LATEST_NS = 4_102_444_800_000_000_000
"""2100-01-01: every timer that is added to a row's time stays far inside 64 bits, which end in 2262."""
NOT_A_TIME = -(2**63)
"""What pandas and NumPy write for a missing time (NaT) when it is turned into a number."""

UNITS = (("seconds", 10**9), ("milliseconds", 10**6), ("microseconds", 10**3))
NS_PER_S = 10**9


def is_plausible(ns: int) -> bool:
    """Whether a quote can have come at this instant, UTC nanoseconds."""
    return EARLIEST_NS <= ns <= LATEST_NS


def unit_meant(value: int) -> tuple[str, int] | None:
    """The unit in which a number since 1970 is plausible, with its nanoseconds; None when there is none."""
    return next(((name, factor) for name, factor in UNITS if is_plausible(value * factor)), None)


def written(ns: int) -> str:
    """An instant as a date, to the second; "no date" beyond those there are."""
    try:
        instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=ns // NS_PER_S)
    except OverflowError:
        return "no date"
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC" if instant.year >= 1000 else "no date"


def cure_of(name: str, value: int) -> str:
    """What to do about a time that cannot be, stored as this number in the column `name`."""
    if value == NOT_A_TIME:
        return f"that is how a missing time (NaT) is written: give every row its {name}"
    unit = unit_meant(value)
    if unit is None:
        first, last = written(EARLIEST_NS)[:10], written(LATEST_NS)[:10]
        return f"a recording's times are nanoseconds since 1970 UTC, between {first} and {last}"
    return f"as {unit[0]} since 1970 it is {written(value * unit[1])}: multiply {name} by {unit[1]:,}"
