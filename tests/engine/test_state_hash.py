"""The state hash: it covers all that decides what comes next and nothing else, and equal bytes have equal futures."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from arbitrage_core.engine.snapshot import state_hash
from arbitrage_core.session.session import Session
from tests.engine.bench import quiet
from tests.engine.small_market import KEY, interpreted, pulses, small_config
from tests.markets import seeded_case

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _quiet_arithmetic() -> Iterator[None]:
    with quiet():
        yield


def places(dtype: np.dtype, offset: int = 0, name: str = "") -> Iterator[tuple[str, int]]:
    """(name, first byte) of every field of a record, nested ones too, the last element of arrays."""
    if dtype.subdtype is not None:
        base, shape = dtype.subdtype
        last = int(np.prod(shape)) - 1
        yield from places(base, offset + last * base.itemsize, f"{name}[{last}]")
    elif dtype.names is not None:
        for field in dtype.names:
            kind, at = dtype.fields[field][:2]
            yield from places(kind, offset + at, f"{name}.{field}")
    else:
        yield name, offset


@pytest.mark.parametrize("part", ["state", "params"])
def test_the_hash_covers_every_field(part: str) -> None:
    session = interpreted(small_config(), pulses(1))
    before, records = session.state_hash, getattr(session, part)
    bytes_of = records.view(np.uint8).reshape(-1)
    missed = []
    for name, at in places(records.dtype):
        bytes_of[at] ^= 1
        if session.state_hash == before:
            missed.append(name)
        bytes_of[at] ^= 1
    assert missed == []
    assert session.state_hash == before


@pytest.mark.parametrize("part", ["state", "params"])
def test_the_records_have_no_bytes_outside_their_fields(part: str) -> None:
    """Otherwise equal states could have unequal bytes."""
    records = getattr(Session(small_config(), KEY, interpreted=True), part)

    def packed(dtype: np.dtype) -> int:
        if dtype.subdtype is not None:
            base, shape = dtype.subdtype
            return packed(base) * int(np.prod(shape))
        if dtype.names is not None:
            return sum(packed(dtype.fields[field][0]) for field in dtype.names)
        return dtype.itemsize

    assert packed(records.dtype) == records.dtype.itemsize


@pytest.mark.parametrize("part", ["output", "account", "terms"])
def test_output_and_venue_do_not_matter_to_the_hash(part: str) -> None:
    session = interpreted(small_config(), pulses(1))
    before = session.state_hash
    getattr(session, part).view(np.uint8).reshape(-1)[::97] ^= 255
    assert session.state_hash == before


def test_the_hash_is_a_sha_256_of_state_and_parameters() -> None:
    session = Session(small_config(), KEY, interpreted=True)
    assert state_hash(session.state, session.params) == session.state_hash
    assert len(session.state_hash) == 64
    assert Session(small_config(), KEY, interpreted=True).state_hash == session.state_hash
    assert Session(small_config(), KEY + 1, interpreted=True).state_hash != session.state_hash
    assert Session(small_config(cooldown_ms=31.0), KEY, interpreted=True).state_hash != session.state_hash


@pytest.mark.parametrize("seed", [1, 5, 8])
def test_a_restored_snapshot_has_the_same_future(seed: int) -> None:
    config, rows = seeded_case(seed)
    rows = rows[:240]
    whole = interpreted(config, rows)
    for cut in (1, 97, 160):
        first = interpreted(config, rows[:cut])
        resumed = Session(config, KEY, interpreted=True)
        resumed.state.view(np.uint8)[:] = np.frombuffer(first.state.tobytes(), np.uint8)
        resumed.account.view(np.uint8)[:] = np.frombuffer(first.account.tobytes(), np.uint8)
        assert resumed.state_hash == first.state_hash
        resumed.feed(rows[cut:])
        assert resumed.state_hash == whole.state_hash
        assert resumed.account.tobytes() == whole.account.tobytes()
        for name in ("orders", "fills", "trades", "equity"):
            ours = getattr(first.log, name).tobytes() + getattr(resumed.log, name).tobytes()
            assert ours == getattr(whole.log, name).tobytes()


def test_without_compiler_the_same_rows_leave_the_same_hash() -> None:
    """A process in which Numba is switched off, against functions rebound as plain Python in this one."""
    program = (
        "import numpy as np\n"
        "from tests.engine.small_market import KEY, QUIET, pulses, small_config\n"
        "from arbitrage_core.session.session import Session\n"
        "with np.errstate(**QUIET):\n"
        "    session = Session(small_config(), KEY)\n"
        "    session.feed(pulses(2))\n"
        "    session.end()\n"
        "print(session.state_hash)\n"
    )
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    session = interpreted(small_config(), pulses(2))
    session.end()
    assert done.stdout.strip() == session.state_hash
