"""The identity of a state: a hash over everything that decides what comes next, and nothing else."""

import hashlib

import numpy as np

from arbitrage_core.engine.state import SCHEMA_VERSION


def state_hash(state: np.ndarray, params: np.ndarray) -> str:
    """SHA-256 (hex) over schema version, the engine's record and its parameters.

    Not the output, the simulated venue, an epoch, a session's name or a clock: equal hashes mean equal futures.
    """
    digest = hashlib.sha256(SCHEMA_VERSION.to_bytes(4, "little"))
    digest.update(state.tobytes())
    digest.update(params.tobytes())
    return digest.hexdigest()
