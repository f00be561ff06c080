"""`arb replay`: a session's journal through the engine alone, and whether it decided the same."""

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from console.options import Json


def replay(
    session: Annotated[str, typer.Argument(help="A session, the beginning of its name, or a journal's folder.")],
    data: Annotated[
        list[Path] | None,
        typer.Option("--data", help="The files it cites, if they have been moved.", metavar="FILE..."),
    ] = None,
    record: Annotated[
        bool,
        typer.Option("--record", help="Record in PostgreSQL what of it is not recorded yet, and end its run there."),
    ] = False,
    to_row: Annotated[
        int | None,
        typer.Option(
            "--to-row",
            min=0,
            metavar="N",
            help="Stop after so many rows and show what stood then, also of a session that broke.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Replay a session from its journal: same orders, same money, same state hash.

    Exit code 0: identical, and with --record the record equals it; with --to-row, up to there. 1: not so, or the
    journal is damaged. 2: there is no such session, or not so many rows.
    """
    from arbitrage_core.domain.errors import BadInput
    from arbitrage_core.session.replay import replay_session
    from arbitrage_core.session.standing import replay_to_row
    from arbitrage_core.storage.journal_reader import JournalReader
    from arbitrage_core.storage.manifest import Manifest
    from console.complaint import ACCEPTED, FAILED
    from console.document import print_document
    from console.progress import RowsProgress
    from console.session_folder import find_session
    from console.source import cited_source

    if record and to_row is not None:
        raise BadInput("--record needs the whole session, --to-row a part of it", "choose one of the two")
    folder = find_session(session)
    manifest, _ = Manifest.read(folder)
    source = None if manifest.is_inline else cited_source(folder, manifest.source, tuple(data or ()))
    rows, feed = (JournalReader(folder).verify().rows, None) if source is None else (source.rows, source.feed)
    with RowsProgress(rows if to_row is None else to_row, "replay") as progress:
        replayed = replay_session if to_row is None else partial(replay_to_row, row=to_row)
        result = replayed(folder, feed, progress=progress, notice=progress.notice)
    result.document["journal"] = str(folder)
    same = result.document["identical"]
    footer = [("replay", "identical" if same else f"NOT identical: {result.document['difference']}")]
    recorded = True
    if record and same:
        words, recorded = _recorded(folder, feed, result.document)
        footer.append(("record", words))
    if as_json:
        print_document(result.document)
    else:
        from console.standing import standing_lines
        from console.summary import print_summary

        title = f"Replay of {manifest.session}" + (f" to row {to_row:,}" if to_row is not None else "")
        print_summary(result.document, title=title, footer=[*standing_lines(result.document), *footer])
    raise typer.Exit(ACCEPTED if same and recorded else FAILED)


def _recorded(folder: Path, feed, document: dict) -> tuple[str, bool]:
    """Fills in the record from the journal; in words, and whether both are equal now."""
    from arbitrage_core.services.stores import ensure_stores
    from arbitrage_core.session.backfill import record_from_journal
    from arbitrage_core.storage.record.database import Record
    from console.accept_run import say

    with Record.open(ensure_stores(say).postgres_url) as record:
        found = record_from_journal(folder, record, feed)
    document["record"] = {
        "session": found.session,
        "run": found.run,
        "complete": True,
        "entries": found.entries,
        "differences": list(found.differences),
    }
    if found.differences:
        return f"DIFFERS: {'; '.join(found.differences[:3])}", False
    return (
        f"equal to the ledger, {found.added:,} of {found.entries:,} entries filled in, session number {found.session}",
        True,
    )
