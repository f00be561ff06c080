"""The duration: what is understood, exactly, and what is not."""

import pytest

from arbitrage_core.domain.errors import BadInput
from console.duration import duration_ns

UNDERSTOOD = [
    ("1ns", 1),
    ("250ms", 250_000_000),
    ("60s", 60_000_000_000),
    ("1.5h", 5_400_000_000_000),
    (" 2 m ", 120_000_000_000),
    ("1d", 86_400_000_000_000),
    ("0.1s", 100_000_000),
    ("0.000000001s", 1),
]


@pytest.mark.parametrize("text, expected", UNDERSTOOD)
def test_a_duration_is_whole_nanoseconds_exactly(text, expected):
    assert duration_ns(text) == expected


@pytest.mark.parametrize("text", ["", "60", "s", "-1s", "1e3s", "0s", "1.5ns", "1 week", "nan s", "99999999999d", "1S"])
def test_anything_else_is_refused(text):
    with pytest.raises(BadInput, match="duration"):
        duration_ns(text)
