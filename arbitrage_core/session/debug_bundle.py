"""The debug bundle: what is needed to look into a session that was stopped, in the folder `debug` of its journal.

    cause.json    the pattern, what was seen and its figures, the row, the state hash, and the command that goes there
    config.json   the session's configuration
    state.0       a snapshot: the engine's state and parameters and the simulated venue's account, as they stood
    log.jsonl     what the session said last, a line an event; empty if it says nothing, like a backtest

The journal lies beside it and is not copied. Everything has a limit: the snapshot that of its format, the documents
that of theirs, the log LOG_BYTES_MAX. A disk that refuses costs the bundle, never the reason for it.
"""

from collections.abc import Sequence
from pathlib import Path

from arbitrage_core.domain.errors import AnomalyFound, BadInput
from arbitrage_core.engine.state import SCHEMA_VERSION
from arbitrage_core.session.binding import sources_digest
from arbitrage_core.session.session import Session
from arbitrage_core.storage.disk import make_folder, write_whole
from arbitrage_core.storage.document import read_document, write_document
from arbitrage_core.storage.snapshot_file import write_snapshot

FOLDER_NAME, CAUSE_NAME, CONFIG_NAME, STATE_NAME, LOG_NAME = "debug", "cause.json", "config.json", "state", "log.jsonl"
LOG_BYTES_MAX = 1 << 20


def keep_bundle(
    folder: Path, name: str, session: Session, anomaly: AnomalyFound, log_lines: Sequence[bytes] = ()
) -> None:
    """Writes the bundle of `session`, called `name`, below its journal's `folder`, and tells the anomaly of it.

    `log_lines`, oldest first; of too many the last are kept. What cannot be written is noted in the anomaly instead.
    """
    bundle = folder / FOLDER_NAME
    anomaly.command = f"arb replay {name} --to-row {anomaly.row}"
    parts = {"state": session.state, "params": session.params, "account": session.account}
    cause = {
        "session": name,
        "pattern": anomaly.pattern,
        "finding": anomaly.finding,
        "figures": anomaly.figures,
        "row": anomaly.row,
        "now_ns": anomaly.now_ns,
        "state_hash": session.state_hash,
        "command": anomaly.command,
        "schema_version": SCHEMA_VERSION,
        "engine": sources_digest(),
    }
    try:
        make_folder(bundle)
        write_document(bundle / CAUSE_NAME, cause)
        write_document(bundle / CONFIG_NAME, session.config.model_dump(mode="json"))
        write_snapshot(bundle / STATE_NAME, cause, parts)
        write_whole(bundle / LOG_NAME, *_last(log_lines))
        anomaly.bundle = f"{name}/{FOLDER_NAME}"
    except BadInput as refused:  # a full disk, or a state too large for a snapshot
        anomaly.add_note(f"and its debug bundle could not be written: {refused}")


def cause_in(folder: Path) -> dict[str, object] | None:
    """The cause noted beside a journal; None when its session was not stopped. Raises Damaged."""
    try:
        return read_document(folder / FOLDER_NAME / CAUSE_NAME)[0]
    except FileNotFoundError:
        return None


def _last(lines: Sequence[bytes]) -> list[bytes]:
    """The last of the lines that fit into LOG_BYTES_MAX together, in their order."""
    kept: list[bytes] = []
    left = LOG_BYTES_MAX
    for line in reversed(lines):
        left -= len(line)
        if left < 0:
            break
        kept.append(line)
    return kept[::-1]
