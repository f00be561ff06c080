"""`arb tune`: what cannot be is said before anything starts."""

import pytest

from tests.console.test_commands import told

MIXED = ["tune", "--synthetic", "mixed"]
CASES = [
    (["tune", "--vary", "entry_spread_bps=1:2"], "--data or from --synthetic", "name one"),
    (MIXED, "--vary", "--help"),
    ([*MIXED, "--vary", "entry_spread_bps"], "is no range", "LOW:HIGH"),
    ([*MIXED, "--vary", "entry_spred_bps=1:2"], "no parameter 'entry_spred_bps'", "entry_spread_bps"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--sampler", "luck"], "sampler", "tune --help"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--objective", "fame"], "no objective fame", "tune --help"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--scenario", "fire"], "no scenario 'fire'", "FEE_SURGE"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--scenario", "QUOTE_DEPEG"], "2 currencies", "leave it out"),
    ([*MIXED, "--vary", "entry_spread_bps=20:30", "--prune"], "pruned under scenarios", "tune --help"),
]


@pytest.mark.parametrize(
    "arguments,cause,cure", CASES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_what_is_not_there_is_named_with_what_is(arguments, cause, cure, capsys, monkeypatch):
    monkeypatch.setattr("console.prefect_ready.prefect_ready", lambda notice: pytest.fail("nothing may be started"))
    code, out, err = told(capsys, *arguments)
    assert (code, out) == (2, "")
    assert cause in err
    assert cure in err
