"""The proof: a session's journal is read back whole and replayed, for laws I14 and I11 on what is really on disk."""

from pathlib import Path

from arbitrage_core.feeds.feed import Feed
from arbitrage_core.laws import Violation
from arbitrage_core.session.backtest import Progress
from arbitrage_core.session.binding import Notice
from arbitrage_core.session.replay import ReplayBroke, replay_session
from arbitrage_core.session.result import SessionResult
from arbitrage_core.storage.damage import Damaged


def prove(
    result: SessionResult,
    folder: Path,
    feed: Feed | None,
    *,
    progress: Progress | None = None,
    notice: Notice | None = None,
) -> bool:
    """Replays the sealed journal in `folder` over the rows it cites (None: holds); True when it came out the same.

    What does not hold is added to the result's violations and to its document, which gets `identical`. Takes about as
    long as the session took. Raises BadInput when the feed is not the one that was journalled.
    """
    found: list[Violation] = []
    try:
        replayed = replay_session(folder, feed, progress=progress, notice=notice).document
    except Damaged as damage:
        found.append(Violation("I14", f"journal in {folder.name}", "whole", str(damage)))
    except ReplayBroke as broke:
        found.append(Violation("I11", "replay of the journal", "identical", str(broke)))
    else:
        if not replayed["identical"]:
            found.append(Violation("I11", "replay of the journal", "identical", replayed["difference"]))
        elif replayed["state_hash"] != result.document["state_hash"]:
            found.append(
                Violation("I11", "state hash after the replay", result.document["state_hash"], replayed["state_hash"])
            )
    result.violations.extend(found)
    result.document["laws"] = [str(violation) for violation in result.violations]
    result.document["identical"] = not found
    return not found
