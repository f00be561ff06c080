"""Every seeded fault is noticed, and by whom: a check that stops biting is itself noticed."""

from collections.abc import Iterator

import numpy as np
import pytest

from arbitrage_core.domain.errors import InvariantBroken
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.reserves import settle_order
from arbitrage_core.session.result import judged
from arbitrage_core.session.session import Session
from tests.agreement import Difference, differences
from tests.engine.small_market import KEY, QUIET
from tests.reference_model import run
from tests.seeded_fault import NOT_FLAT, REFERENCE, STOPPED, Case, SeededFault
from tests.seeded_faults import FAULTS

CASES: dict[str, Case] = {fault.case.__name__: fault.case for fault in FAULTS.values()}


@pytest.fixture(autouse=True)
def _quiet_arithmetic() -> Iterator[None]:
    """Interpreted arithmetic wraps and divides by zero as silently as compiled arithmetic does."""
    with np.errstate(**QUIET):
        yield


def parted(session: Session, config: SessionConfig, rows: np.ndarray) -> list[Difference]:
    """Where a session that was fed with all rows parts from the reference model."""
    return differences(session, run(config, rows, KEY))


def noticed(fault: SeededFault) -> set[str]:
    """Everyone who notices a defect: laws by their ids, REFERENCE, STOPPED, NOT_FLAT."""
    config, rows = fault.case()
    session = Session(config, KEY, interpreted=True, replaced=fault.replaced)
    witnesses = set()
    try:
        session.feed(rows)
        if parted(session, config, rows):
            witnesses.add(REFERENCE)
        witnesses |= {violation.law for violation in judged(session)}
        session.end()
        if not session.ended:
            witnesses.add(NOT_FLAT)
    except InvariantBroken:
        witnesses.add(STOPPED)
    return witnesses | {violation.law for violation in judged(session)}


@pytest.mark.parametrize("name", CASES)
def test_the_sound_engine_passes_every_check_on_the_rows_of_a_seeded_fault(name: str) -> None:
    config, rows = CASES[name]()
    session = Session(config, KEY, interpreted=True)
    session.feed(rows)
    assert parted(session, config, rows) == []
    assert judged(session) == []
    session.end()
    assert session.ended
    assert judged(session) == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_seeded_fault_is_noticed_by_its_witnesses(name: str) -> None:
    fault = FAULTS[name]
    assert fault.witnesses
    assert fault.witnesses - noticed(fault) == set()


def test_a_fault_that_changes_nothing_would_not_be_noticed() -> None:
    """The witnesses do not cry wolf: the sound function under its own name is no fault."""
    config, rows = CASES["plain"]()
    session = Session(config, KEY, interpreted=True, replaced={"settle_order": settle_order})
    session.feed(rows)
    assert parted(session, config, rows) == []
