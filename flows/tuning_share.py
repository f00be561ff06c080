"""The share: what a task evaluates, wherever that is, and the one function that does it.

A share says which rows are meant and which sets are to be tried on them. The rows themselves do not travel: whoever
evaluates has them in memory once, for as long as it is asked for the same ones. Nor does anything else of the leader's
home: no addresses, no passwords. So a worker needs the project, the data and nothing more; Prefect and PostgreSQL are
the leader's alone.

A worker's figures count only if they are those the leader would have got: before it evaluates, it must have found the
same rows, byte for byte, and run the same code.
"""

import os
import socket
from collections.abc import Sequence
from functools import lru_cache
from threading import Lock

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.session.binding import sources_digest
from arbitrage_core.tuning.bar import Bar
from arbitrage_core.tuning.evaluation import Evaluation, Evaluator
from flows.digests import code_digest
from flows.tuning_rows import TuningRows, evaluator_of

_BUILDING = Lock()


class ClusterFailed(BadInput):
    """The cluster does not answer, lost a share, or works on something else. What was recorded stays."""

    from_outside = True


class Share:
    """Some sets of a batch.

    `rows` describes the rows (`TuningRows` as JSON), `grounds` says what they and the code must turn out to be, `bar`
    what a set must be above in a study that prunes. A plain class, so that Prefect passes it on as it is instead of
    looking through all it holds.
    """

    def __init__(
        self, rows: str, grounds: dict[str, str], configs: Sequence[SessionConfig], bar: Bar | None = None
    ) -> None:
        self.rows, self.grounds, self.configs, self.bar = rows, grounds, tuple(configs), bar


def evaluate_share(share: Share) -> list[Evaluation]:
    """The sets of a share, in its order, one after another. Raises ClusterFailed where rows or code are others."""
    evaluator = evaluator_for(share.rows, share.grounds["data digest"])
    found = grounds_of(evaluator)
    others = [name for name, wanted in share.grounds.items() if found.get(name) != wanted]
    if others:
        _kept.cache_clear()  # so that a file put right is read again
        raise ClusterFailed(
            f"process {os.getpid()} on {socket.gethostname()} has another {' and '.join(others)} than the study",
            "give every worker the same files at the same paths and the same checkout and environment, and restart it",
        )
    return evaluator.evaluate(share.configs, threads=1, bar=share.bar)


def evaluator_for(rows: str, data_digest: str) -> Evaluator:
    """The evaluator of described rows, built once in a process and kept until others are asked for.

    `data_digest` is what the rows are thought to be: where files were exchanged since, they are read again.
    """
    with _BUILDING:
        return _kept(rows, data_digest)


@lru_cache(maxsize=1)  # rows are what takes the memory
def _kept(rows: str, data_digest: str) -> Evaluator:
    return evaluator_of(TuningRows.model_validate_json(rows))


def grounds_of(evaluator: Evaluator) -> dict[str, str]:
    """What evaluations rest on, each by a digest: what the rows are said to be, what they are, and the code."""
    return {
        "data digest": evaluator.data_digest,
        "rows": evaluator.rows_digest,
        "code": code_digest(),
        "compiler": sources_digest(),
    }
