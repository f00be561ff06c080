"""A session that writes rows and durable intents for ever, telling after each round what is durable: to be killed.

Arguments: the journal's folder, "create" or "reopen", and after how many writes to end abruptly in the midst of one
(0: never, it waits to be killed). Prints "ROWS INTENTS" whenever these are on the device.
"""

import os
import sys

from arbitrage_core.storage import segment
from arbitrage_core.storage.journal import JournalWriter
from tests.storage.journals import intents, manifest, rows


def main(path: str, begin: str, writes: str) -> None:
    """Does not return."""
    if int(writes):
        segment.write_all = dying_after(int(writes))
    if begin == "create":
        journal = JournalWriter.create(path, manifest(), segment_bytes=1 << 16)
    else:
        journal = JournalWriter.reopen(path, segment_bytes=1 << 16)
    while True:
        journal.append_rows(rows(1, journal.rows))
        journal.append_rows(rows(40, journal.rows))
        journal.append_intents(intents(2, journal.intents))
        print(journal.rows, journal.intents, flush=True)


def dying_after(writes: int):
    """A `write_all` whose last write is cut in two by the end of the process."""
    left = writes

    def write_all(file, data):
        nonlocal left
        left -= 1
        if left == 0:
            file.write(bytes(data)[: len(data) // 2])
            os._exit(9)
        file.write(data)

    return write_all


if __name__ == "__main__":
    main(*sys.argv[1:])
