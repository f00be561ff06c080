"""What a worker process of a study's own cluster does before anything else; Dask calls `dask_setup`."""

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Leaves Ctrl-C to the leader: a terminal sends it to every process, and the leader ends its workers in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
