"""The run: a session as the proofs of a scenario look at it: its rows, its settings and all it wrote."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import SessionLog
from arbitrage_core.session.result import SessionResult


@dataclass(frozen=True, eq=False)
class Run:
    """`rows`: ROW[n] arrays, iterable as often as asked; those of baseline and stressed run are alike in number and
    length. `venue_config`: what its venues really did."""

    rows: Iterable[np.ndarray]
    venue_config: SessionConfig
    result: SessionResult

    @property
    def config(self) -> SessionConfig:
        """What the engine was told."""
        return self.result.config

    @property
    def log(self) -> SessionLog:
        """All it wrote."""
        return self.result.log

    @property
    def document(self) -> dict[str, Any]:
        """Its figures, by the names of the CLI contract."""
        return self.result.document
