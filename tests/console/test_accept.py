"""`arb accept` and `arb campaign`: what cannot be is said before anything starts."""

import pytest

from tests.console.test_commands import told

CASES = [
    (["accept", "D99"], "no stage 'D99' yet", "D65"),
    (["accept", "D65", "--seed-fault", "typo"], "no seed fault 'typo'", "fee-skipped"),
    (["campaign", "C9"], "no campaign 'C9'", "C1"),
    (["campaign", "S1", "--mode", "live"], "not there yet", "--mode paper"),
    (["campaign", "S1", "--mode", "dream"], "no mode 'dream'", "backtest and paper"),
    (["campaign", "S1", "--pace", "real"], "a backtest has no pace", "--mode paper"),
    (["campaign", "S1", "--mode", "paper", "--pace", "slow"], "no pace: 'slow'", "real, max"),
    (["accept"], "STAGE", "--help"),
]


@pytest.mark.parametrize(
    "arguments,cause,cure", CASES, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_what_is_not_there_is_named_with_what_is(arguments, cause, cure, capsys, monkeypatch):
    monkeypatch.setattr("console.prefect_ready.prefect_ready", lambda *_, **__: pytest.fail("nothing may be started"))
    code, out, err = told(capsys, *arguments)
    assert (code, out) == (2, "")
    assert cause in err
    assert cure in err
