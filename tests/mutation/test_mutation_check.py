"""The mutation check can fail: a defect is killed, what changes nothing survives, and a false claim is found out.

What only cosmic-ray can do, making the mutants, is tested where it is installed.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import tests.mutation.__main__ as command
from tests.mutation.claims import Claims, read_claims
from tests.mutation.mutant import Mutant
from tests.mutation.result import Named, Part, false_claims, part_of, parts_in, rate_of, report_text, told

ROOT = Path(__file__).resolve().parents[2]
TRY = """
import json, os, sys
os.environ["NUMBA_DISABLE_JIT"] = "1"
from arbitrage_core.engine import guards, ledger
from tests.mutation import trial
from tests.mutation.mutant import Mutant
trial.GRACE_S = 1.0
modules, mutants = {"ledger.py": ledger, "guards.py": guards}, []
changes, witnesses = json.loads(sys.argv[1]), sys.argv[2:]
for file, function, before, after in changes:
    text = open(modules[file].__file__, encoding="utf-8").read()
    assert text.count(before) == 1
    mutants.append(Mutant(file, function, 1, "by hand", before, after, text.replace(before, after)))
sys.stdout = sys.stderr
killed = trial.tried(modules, mutants, dict.fromkeys(modules, witnesses), 2, lambda mutant, killed: None)
print(json.dumps(killed), file=sys.__stdout__)
"""
"""Argument: [[file, function, before, after], …], then witnesses. Says which were killed."""

Change = tuple[str, str, str, str]


def tried(changes: list[Change], *witnesses: str) -> subprocess.CompletedProcess[str]:
    """A trial of these changes in a process of its own, which has not imported the engine before."""
    command = [sys.executable, "-c", TRY, json.dumps(changes), *witnesses]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants are tried in forked processes")
def test_a_defect_is_killed_and_what_changes_nothing_survives() -> None:
    """In this order: a defect, nothing, a defect in a function that no witness calls, a constant, a hang."""
    opens = "return purpose == Purpose.ENTRY or purpose == Purpose.COMPLETE"
    changes = [
        ("ledger.py", "opens", opens, opens.replace("or", "and")),
        ("ledger.py", "opens", opens, opens),
        ("guards.py", "ceil_amount", "return np.int64(-1)", "return np.int64(-2)"),
        ("guards.py", "", "NS_PER_S = 1_000_000_000", "NS_PER_S = 1_000_000_001"),
        ("ledger.py", "is_last_holder", "if trade.phase == 0:\n            continue", "while True:\n            pass"),
    ]
    names = ("an_entry_and_a_completion_open", "the_last_holder_is_the_last_by_number_and_leg")
    witnesses = [f"tests/engine/test_ledger.py::test_{name}" for name in names]
    rate = "tests/engine/test_guard_figures.py::test_the_order_so_many_before_must_be_a_second_old"
    run = tried(changes, *witnesses, rate)
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == [True, False, False, True, True]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants are tried in forked processes")
@pytest.mark.parametrize("text", ["def test_it():\n    assert False\n", "raise ValueError\n", ""], ids=str)
def test_tests_that_fail_or_are_none_cannot_judge(text: str, tmp_path: Path) -> None:
    (tmp_path / "test_unsound.py").write_text(text)
    run = tried([], str(tmp_path / "test_unsound.py"))
    assert run.returncode != 0
    assert "UnsoundError" in run.stderr


# -------------------------------------------------------------------------------------------------- claims and figures


def mutant(after: str, line: int = 7) -> Mutant:
    """A mutant of one line."""
    return Mutant("ledger.py", "opens", line, "Op", "x == 0", after, after)


MUTANTS = [mutant("x != 0"), mutant("x <= 0"), mutant("x >= 0")]
LE, GE = mutant("x <= 0").key, mutant("x >= 0").key


def test_what_survives_is_named_and_what_is_equivalent_does_not_count() -> None:
    claims = Claims({LE: "x is unsigned"}, {GE: "not worth a test"})
    part = part_of("ledger.py", "text", MUTANTS, [True, False, False], claims)
    assert [(named.after, named.why) for named in part.survived] == [("x >= 0", "not worth a test")]
    assert [(named.after, named.why) for named in part.equivalent] == [("x <= 0", "x is unsigned")]
    assert (part.mutants, part.killed, rate_of([part])) == (3, 1, 0.5)
    assert "ledger.py:7: x == 0  ->  x >= 0" in told([part])
    assert "50.0%" in told([part])
    assert false_claims("ledger.py", MUTANTS, [True, False, False], claims) == []


@pytest.mark.parametrize("killed, says", [([True, True, False], "killed all the same"), (None, "no such mutant")])
def test_a_claim_that_is_not_true_is_found(killed: list[bool] | None, says: str) -> None:
    claims = Claims({LE: "x is unsigned"}, {})
    mutants, fates = (MUTANTS, killed) if killed else (MUTANTS[:1], [True])
    (found,) = false_claims("ledger.py", mutants, fates, claims)
    assert says in found
    assert false_claims("orders.py", [], [], claims) == [], "of another file nothing is known"


def test_a_claim_outlives_the_line_it_stood_on() -> None:
    assert mutant("x <= 0", line=700).key == LE


def test_no_mutants_are_no_success() -> None:
    assert rate_of([]) == 0.0


def test_a_report_is_read_as_it_was_written() -> None:
    survivor = Named("ledger.py", 3, "Op", "a", "b", "")
    parts = [Part("ledger.py", "c0de", 3, 2, (survivor,), ()), Part("fills.py", "ab", 2, 1, (), (survivor,))]
    parts[1] = Part("fills.py", "ab", 2, 1, (), (Named("fills.py", 4, "Op", "a", "b", "why"),))
    text = report_text(parts)
    assert parts_in(text) == parts
    document = json.loads(text)
    assert (document["mutants"], document["killed"]) == (5, 3)
    assert document["survived"][0]["line"] == 3


@pytest.mark.parametrize(
    "killed, wrong, enough", [(9, [], True), (8, [], False), (10, [], True), (10, ["a claim"], False), (0, [], False)]
)
def test_nine_in_ten_are_enough_and_no_claim_may_be_false(killed: int, wrong: list[str], enough: bool) -> None:
    part = Part("ledger.py", "c0de", 12, killed, (), (Named("ledger.py", 3, "Op", "a", "b", "the same"),) * 2)
    assert command.is_enough([part], wrong) == enough


def test_a_part_takes_the_place_of_its_elder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "REPORT", tmp_path / "mutation.json")
    orders, ledger, anew = (Part(f"{name}.py", code, 1, 1, (), ()) for name, code in
                            (("orders", "1"), ("ledger", "1"), ("orders", "2")))  # fmt: skip
    assert command.renewed([orders]) == [orders]
    command.REPORT.write_text(report_text([ledger, orders]))
    assert command.renewed([anew]) == [ledger, anew]


def test_without_cosmic_ray_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find_spec", lambda name: None)
    monkeypatch.setattr(sys, "argv", ["mutation"])
    assert command.main() == 2
    assert "requirements-mutation.lock" in capsys.readouterr().err


def test_every_claim_says_why_and_of_what() -> None:
    claims = read_claims()
    for (file, function, before, after, _), why in {**claims.equivalent, **claims.survivor}.items():
        assert file.removesuffix(".py") in command.WITNESSES
        assert all((function, why, before != after)), (file, before, after)


# ------------------------------------------------------------------------------------------------------- cosmic-ray's


def test_operators_of_our_own_do_what_their_examples_say() -> None:
    pytest.importorskip("cosmic_ray", reason="see requirements-mutation.in")
    from cosmic_ray.mutating import mutate_code

    from tests.mutation.operators import OPERATORS

    for operator in OPERATORS:
        for example in operator.examples():
            mutated = mutate_code(example.pre_mutation_code, operator(), example.occurrence)
            assert mutated == example.post_mutation_code


def test_mutants_are_valid_differ_and_are_named_apart() -> None:
    pytest.importorskip("cosmic_ray", reason="see requirements-mutation.in")
    from tests.mutation.mutant import mutants_of

    text = "def f(a, b):\n    a.x += 1\n    if a.x > b:\n        return\n    b[0] = -a.x\n\n\nN = 3\n"
    mutants = mutants_of("f.py", text)
    found = {(each.function, each.line, each.before, each.after) for each in mutants}
    assert {
        ("f", 2, "a.x += 1", "a.x -= 1"),
        ("f", 2, "a.x += 1", "pass"),
        ("f", 3, "if a.x > b:", "if a.x >= b:"),
        ("f", 4, "return", "pass"),
        ("", 8, "N = 3", "N = 4"),
    } <= found
    assert len({each.key for each in mutants}) == len({each.source for each in mutants}) == len(mutants)
    assert all(each.source != text for each in mutants)
