"""`arb replay`: a session's journal through the engine alone, and whether it decided the same."""

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
    as_json: Json = False,
) -> None:
    """Replay a session from its journal: same orders, same money, same state hash.

    Exit code 0: identical. 1: not identical, or the journal is damaged. 2: there is no such session.
    """
    from arbitrage_core.session.replay import replay_session
    from arbitrage_core.storage.journal_reader import JournalReader
    from arbitrage_core.storage.manifest import Manifest
    from console.complaint import ACCEPTED, FAILED
    from console.document import print_document
    from console.progress import RowsProgress
    from console.session_folder import find_session
    from console.source import cited_source

    folder = find_session(session)
    manifest, _ = Manifest.read(folder)
    source = None if manifest.is_inline else cited_source(folder, manifest.source, tuple(data or ()))
    rows, feed = (JournalReader(folder).verify().rows, None) if source is None else (source.rows, source.feed)
    with RowsProgress(rows, "replay") as progress:
        result = replay_session(folder, feed, progress=progress, notice=progress.notice)
    result.document["journal"] = str(folder)
    same = result.document["identical"]
    if as_json:
        print_document(result.document)
    else:
        from console.summary import print_summary

        verdict = "identical" if same else f"NOT identical: {result.document['difference']}"
        print_summary(result.document, title=f"Replay of {manifest.session}", footer=[("replay", verdict)])
    raise typer.Exit(ACCEPTED if same else FAILED)
