"""What a paper session costs: 1,000 rows a second at pace `real`, all writers on real stores. Run it as a program:

    python -m tests.session.live_runner_cost [SECONDS]

It prints the share of a core this process used from the first row to the last: loop, engine, journal with its syncs,
recorder, live state, control stream and logs. The servers, which are processes of their own, are not in it. The target
is 10 %.
"""

import sys
import tempfile
import time
from pathlib import Path

from arbitrage_core.feeds.synthetic import SyntheticQuotes
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.monitoring.logs.log_book import open_logs
from arbitrage_core.services.postgres import Postgres
from arbitrage_core.services.valkey import Valkey
from arbitrage_core.session.live_runner import LiveRunner
from arbitrage_core.session.paper import PaperOrder, run_paper
from arbitrage_core.session.plan import Offer, plan_session
from tests.services.servers import home_folder, no_notice

SECONDS = 60
ROWS_PER_S = 1_000
SYMBOL = "S01/USDT"
TARGET = 0.10


class Meter:
    """Reads the processor's clock at each look at a running session; `share` of a core between first and last."""

    def __init__(self) -> None:
        self.readings: list[tuple[float, float, int]] = []

    def look(self, runner: LiveRunner) -> None:
        """Takes a reading while rows come."""
        if runner.market_rows and runner.ending is None:
            self.readings.append((time.process_time(), time.monotonic(), runner.market_rows))

    @property
    def share(self) -> float:
        """Of one core."""
        (cpu_s, began_s, _), (cpu_end_s, ended_s, _) = self.readings[0], self.readings[-1]
        return (cpu_end_s - cpu_s) / (ended_s - began_s)

    @property
    def rows_per_s(self) -> float:
        """Rows a second between first and last look."""
        (_, began_s, rows), (_, ended_s, rows_end) = self.readings[0], self.readings[-1]
        return (rows_end - rows) / (ended_s - began_s)


def main(seconds: int = SECONDS) -> None:
    """Runs it and prints the cost."""
    chosen, meter = preset("wide50"), Meter()
    feed = SyntheticQuotes(chosen.market, venues=chosen.venues, symbols=(SYMBOL,), rows=seconds * ROWS_PER_S)
    config = plan_session(Offer.of(feed), params=chosen.params, market_overrides=chosen.market_overrides)
    with home_folder() as home, tempfile.TemporaryDirectory() as folder:
        postgres, valkey = Postgres(home), Valkey(home)
        try:
            urls = postgres.url(postgres.ensure(no_notice).port), valkey.url(valkey.ensure(no_notice).port)
            order = PaperOrder(config, feed, "paper-cost", Path(folder) / "paper-cost", 1.0, *urls, "0123456789ab")
            with open_logs(home, order.name, console=None) as book:
                document = run_paper(order, book, on_look=meter.look).document
        finally:
            for service in (postgres, valkey):
                service.stop()
    record = document["record"]
    print(
        f"{meter.share:.1%} of a core at {meter.rows_per_s:,.0f} rows/s (target {TARGET:.0%}); "
        f"{document['rows']:,} rows, {document['entries']} entries, {record['entries']:,} entries recorded, "
        f"record {'equal' if record['complete'] and not record['differences'] else 'NOT equal'}"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
