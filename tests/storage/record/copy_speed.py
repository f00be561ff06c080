"""How fast fills load into a real PostgreSQL that syncs what it commits.

`python -m tests.storage.record.copy_speed [FILLS] [TIMES]`: a server of its own, a line a time, the best last.
"""

import sys

from arbitrage_core.services.postgres import Postgres
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.load_speed import load_speed
from tests.services.servers import home_folder, no_notice


def main(fills: int = 1_000_000, times: int = 3) -> None:
    """Measures and prints."""
    with home_folder() as home:
        server = Postgres(home, durable=True)
        try:
            with Record.open(server.url(server.ensure(no_notice).port)) as record:
                runs = [load_speed(record, fills) for _ in range(times)]
        finally:
            server.stop()
    for run in [*runs, min(runs, key=lambda one: one.seconds)]:
        print(f"{run.fills:,} fills in {run.seconds:.2f} s, {run.fills_per_s:,} a second")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
