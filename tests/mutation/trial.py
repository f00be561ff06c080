"""The trial: pytest, which runs the tests not once but against every mutant, each in a process of its own.

First they run against the sound code: each must pass, and it is noted how long it takes and which of the functions
under trial it calls. Against a mutant only those run that call the changed function, first those that killed most of
its mutants so far, then the quickest; the first that fails kills it, and so does one that takes ten times as long.
"""

import gc
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain
from multiprocessing.sharedctypes import RawArray
from types import FrameType, ModuleType
from typing import Any

import pytest

from tests.mutation.mutant import Mutant
from tests.mutation.planting import plant

SLOWER_MAX, GRACE_S = 10.0, 5.0
OPTIONS = ("-q", "-s", "--tb=native", "-p", "no:cacheprovider", "-p", "no:xdist")
Told = Callable[[Mutant, bool], None]
Witnesses = Mapping[str, Sequence[str]]
"""By the file whose mutants they are to kill: files of tests, or single ones as pytest names them."""


class Verdict(IntEnum):
    """How a trial's process ends."""

    SURVIVED = 0
    KILLED = 10
    BROKEN = 20
    """The trial itself failed."""


@dataclass(frozen=True)
class Witness:
    """A test that passes on the sound code."""

    number: int
    item: pytest.Item
    seconds: float
    called: frozenset[tuple[str, str]]
    """(file, function) of the functions under trial that it calls."""


class UnsoundError(Exception):
    """The tests cannot judge: one fails though nothing was changed, or they do not run at all."""


def tried(
    modules: dict[str, ModuleType], mutants: list[Mutant], witnesses: Witnesses, jobs: int, told: Told
) -> list[bool]:
    """Whether each mutant is killed by these tests (as pytest names them); `told` hears of each. `modules` by file."""
    trial = Trial(modules, mutants, witnesses, jobs, told)
    named = dict.fromkeys(chain.from_iterable(witnesses.values()))
    status = pytest.main([*OPTIONS, *named], plugins=[trial])
    if status != pytest.ExitCode.OK:
        raise UnsoundError(f"pytest ended with {pytest.ExitCode(status).name}")
    return trial.killed


class Trial:
    """A pytest plugin; after the run `killed` says of each mutant, in their order, whether it was."""

    def __init__(
        self, modules: dict[str, ModuleType], mutants: list[Mutant], witnesses: Witnesses, jobs: int, told: Told
    ) -> None:
        self.modules, self.mutants, self.jobs, self.told = modules, mutants, jobs, told
        self.named = {file: tuple(names) for file, names in witnesses.items()}
        self.killed = [False] * len(mutants)
        self.last = RawArray("i", len(mutants))
        """The number of the last witness called against each, written by the processes."""
        self.kills: Counter[tuple[str, int]] = Counter()
        """How often a witness killed a mutant of a function."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """The same examples for every mutant, and no search for a smaller one once it is killed."""
        import hypothesis  # only now: pytest wants to import it first, to rewrite its assertions

        phases = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
        hypothesis.settings.register_profile("mutation", deadline=None, derandomize=True, database=None, phases=phases)
        hypothesis.settings.load_profile("mutation")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Tries every mutant."""
        if session.testsfailed or not session.items:
            raise pytest.UsageError("no test could be collected, or one could not")
        witnesses = self._sound_run(session)
        gc.freeze()  # what is here already is left where it is: the processes share its pages
        running: dict[int, int] = {}
        for index in range(len(self.mutants)):
            if len(running) == self.jobs:
                self._await_one(running)
            running[self._start(session, index, witnesses)] = index
        while running:
            self._await_one(running)
        return True

    def _start(self, session: pytest.Session, index: int, witnesses: list[Witness]) -> int:
        mutant = self.mutants[index]
        place = (str(self.modules[mutant.file].__file__), mutant.function)
        chosen = [
            witness
            for witness in witnesses
            if witness.item.nodeid.startswith(self.named[mutant.file])
            and (not mutant.function or place in witness.called)
        ]
        chosen.sort(key=lambda witness: (-self.kills[mutant.function, witness.number], witness.seconds))

        def tried() -> Verdict:
            plant(self.modules[mutant.file], mutant.source)
            for witness in chosen:
                self.last[index] = witness.number
                signal.setitimer(signal.ITIMER_REAL, GRACE_S + SLOWER_MAX * witness.seconds)
                if not passes(session, witness.item):
                    return Verdict.KILLED
            return Verdict.SURVIVED

        return forked(tried)

    def _await_one(self, running: dict[int, int]) -> None:
        process, status = os.wait()
        index = running.pop(process)
        code = os.waitstatus_to_exitcode(status)
        self.killed[index] = code in (Verdict.KILLED, -signal.SIGALRM)
        if not self.killed[index] and code != Verdict.SURVIVED:
            raise RuntimeError(f"the trial of {self.mutants[index].key} ended with {code}")
        if self.killed[index]:
            self.kills[self.mutants[index].function, self.last[index]] += 1
        self.told(self.mutants[index], self.killed[index])

    def _sound_run(self, session: pytest.Session) -> list[Witness]:
        """Each test on the sound code, in another process: this one must not have copied a function yet."""
        files = frozenset(str(module.__file__) for module in self.modules.values())
        reading, writing = os.pipe()

        def run() -> Verdict:
            runs = [_run_noted(session, item, files) for item in session.items]
            with os.fdopen(writing, "w") as stream:
                json.dump(runs, stream)
            return Verdict.SURVIVED

        process = forked(run)
        os.close(writing)
        with os.fdopen(reading) as stream:
            text = stream.read()
        if os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) != Verdict.SURVIVED:
            raise pytest.UsageError("the tests could not be run against the sound code")
        witnesses = []
        for number, (passed, seconds, called) in enumerate(json.loads(text)):
            item = session.items[number]
            if not passed:
                raise pytest.UsageError(f"{item.nodeid} fails though nothing was changed")
            witnesses.append(Witness(number, item, seconds, frozenset(map(tuple, called))))
        return witnesses


def passes(session: pytest.Session, item: pytest.Item) -> bool:
    """Whether a test passes, run with all of pytest's own hooks."""
    failed = session.testsfailed
    item.ihook.pytest_runtest_protocol(item=item, nextitem=None)
    return session.testsfailed == failed


def forked(work: Callable[[], Verdict]) -> int:
    """The process that does the work, silently, and exits with its verdict."""
    process = os.fork()
    if process != 0:
        return process
    verdict = Verdict.BROKEN
    try:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        verdict = work()
    finally:
        os._exit(verdict)


def _run_noted(session: pytest.Session, item: pytest.Item, files: frozenset[str]) -> tuple[bool, float, list[Any]]:
    """Whether a test passes, its seconds, and which functions of these files it calls."""
    began = time.perf_counter()
    with noting(files) as called:
        passed = passes(session, item)
    return passed, time.perf_counter() - began, sorted(called)


@contextmanager
def noting(files: frozenset[str]) -> Iterator[set[tuple[str, str]]]:
    """The (file, function) of every call meanwhile of a function of these files."""
    called: set[tuple[str, str]] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename in files:
            called.add((frame.f_code.co_filename, frame.f_code.co_name))

    sys.setprofile(note)
    try:
        yield called
    finally:
        sys.setprofile(None)
