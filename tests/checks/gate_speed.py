"""How fast a stage's sessions are gated: `python -m tests.checks.gate_speed [SESSIONS] [ROWS]`, a server of its own.

By default 60 sessions of about 1,400 trades, 6,400 fills, 6,500 orders and 19,400 changes of state each.
"""

import sys

from arbitrage_core.services.postgres import Postgres
from arbitrage_core.storage.record.database import Record
from checks import gate
from tests.checks.conftest import record_one
from tests.services.servers import home_folder, no_notice
from tests.storage.record.runs import STARTED_NS, mixed_run


def main(sessions: int = 60, rows: int = 200_000) -> None:
    """Measures twice, the first time with Great Expectations still to be imported, and prints."""
    run = mixed_run(rows)
    with home_folder() as home:
        server = Postgres(home, durable=False)
        try:
            url = server.url(server.ensure(no_notice).port)
            with Record.open(url) as record:
                ids = [record_one(record, run, STARTED_NS + number) for number in range(sessions)]
            for result in (gate("D65", url, ids), gate("D65", url, ids)):
                print(f"{sessions} sessions: passed {result.passed}, {result.timings_s}")
        finally:
            server.stop()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
