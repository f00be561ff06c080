"""The command: tries every mutant of the files under trial, says which survive, and writes docs/reports/mutation.json.

Exit status 0 at 90 % killed or more of what was tried; 1 below, or when a claim in known.toml is not true; 2 when it
cannot run.
"""

import argparse
import contextlib
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

from tests.mutation.claims import read_claims
from tests.mutation.mutant import Mutant, mutants_of
from tests.mutation.result import Part, false_claims, part_of, parts_in, rate_of, report_text, told
from tests.mutation.trial import UnsoundError, tried

REPORT = Path(__file__).resolve().parents[2] / "docs" / "reports" / "mutation.json"
ENGINE = "arbitrage_core.engine"
KILLED_MIN = 0.9
WITNESSES = {
    "ledger": ("ledger",),
    "guards": ("guards", "guard_figures", "escalation"),
    "guard_memory": ("tripping", "guard_memory", "guards"),
    "loss_guards": ("loss_guards", "escalation"),
    "exposure_guards": ("exposure_guards", "escalation"),
    "escalation": ("carrying_out", "escalation", "commands"),
    "orders": ("orders", "order_states"),
    "fills": ("fills", "order_states"),
}
"""Modules of the engine whose lines are changed, and the tests that must notice: their own, of `tests/engine`."""

MISSING = """cosmic-ray, which makes the mutants, is not installed. Put it beside the other packages here:

    {python} -m pip install --require-hashes -r requirements-mutation.lock

or, in an environment made by uv: uv pip install --python {python} --require-hashes -r requirements-mutation.lock"""


def main() -> int:
    """Runs the check."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=WITNESSES, help="the mutants of one file; renews its part of the report")
    parser.add_argument("--jobs", type=int, default=1, help="mutants tried at a time (1)")
    parser.add_argument("--json", action="store_true", help="print the report and nothing else")
    arguments = parser.parse_args()
    if find_spec("cosmic_ray") is None:
        print(MISSING.format(python=sys.executable), file=sys.stderr)
        return 2
    if not hasattr(os, "fork"):
        print("each mutant is tried in a forked process, which this system has not", file=sys.stderr)
        return 2
    names = (arguments.only,) if arguments.only else tuple(WITNESSES)
    try:
        parts, wrong = check(names, arguments.jobs)
    except UnsoundError as error:
        print(error, file=sys.stderr)
        return 2
    text = report_text(renewed(parts))
    REPORT.write_text(text, encoding="utf-8")
    print(text if arguments.json else told(parts), end="")
    for claim in wrong:
        print(f"known.toml is wrong: {claim}", file=sys.stderr)
    return 0 if is_enough(parts, wrong) else 1


def check(names: Sequence[str], jobs: int) -> tuple[list[Part], list[str]]:
    """Tries every mutant of these modules of the engine; the claims about them that are false."""
    os.environ["NUMBA_DISABLE_JIT"] = "1"  # before the engine is imported: a mutant compiles for half a minute
    modules = {f"{name}.py": import_module(f"{ENGINE}.{name}") for name in names}
    texts = {file: Path(str(module.__file__)).read_text(encoding="utf-8") for file, module in modules.items()}
    mutants = {file: mutants_of(file, text) for file, text in texts.items()}
    every = [mutant for of_file in mutants.values() for mutant in of_file]
    witnesses = {f"{name}.py": [f"tests/engine/test_{test}.py" for test in WITNESSES[name]] for name in names}
    with contextlib.redirect_stdout(sys.stderr):
        fates = iter(tried(modules, every, witnesses, jobs, Progress(len(every))))
    claims, parts, wrong = read_claims(), [], []
    for file, text in texts.items():
        killed = list(islice(fates, len(mutants[file])))
        parts.append(part_of(file, text, mutants[file], killed, claims))
        wrong += false_claims(file, mutants[file], killed, claims)
    return parts, wrong


def renewed(parts: list[Part]) -> list[Part]:
    """The parts of the standing report with these in place of theirs, in the order of the files."""
    standing = parts_in(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else []
    by_file = {part.file: part for part in (*standing, *parts)}
    return [by_file[f"{name}.py"] for name in WITNESSES if f"{name}.py" in by_file]


def is_enough(parts: list[Part], wrong: list[str]) -> bool:
    """Whether so many are killed, and what is claimed of the others is true."""
    return rate_of(parts) >= KILLED_MIN and not wrong


class Progress:
    """Says on stderr how far it is, and each mutant that survived."""

    def __init__(self, mutants: int) -> None:
        self.mutants, self.tried, self.killed = mutants, 0, 0

    def __call__(self, mutant: Mutant, killed: bool) -> None:
        """One more was tried."""
        self.tried += 1
        self.killed += killed
        if not killed:
            print(f"survived: {mutant.file}:{mutant.line}: {mutant.before}  ->  {mutant.after}", file=sys.stderr)
        if self.tried % 50 == 0 or self.tried == self.mutants:
            print(f"{self.killed} of {self.tried} killed, {self.mutants} in all", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
