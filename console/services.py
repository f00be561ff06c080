"""`arb up`, `arb down`, `arb status`, `arb reset`: the servers this checkout runs for itself."""

import sys
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from console.complaint import ACCEPTED, FAILED
from console.document import print_document
from console.options import Json
from console.plain import aside, line

if TYPE_CHECKING:
    from arbitrage_core.services.service import ServiceStatus

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def up(
    stores: Annotated[bool, typer.Option("--stores", help="PostgreSQL and Valkey only, without Prefect.")] = False,
    as_json: Json = False,
) -> None:
    """Start PostgreSQL, Valkey, Prefect's server and a worker, or find them running.

    Exit code 0: all are up. 1: one is not; one line says which and why.
    """
    from concurrent.futures import ThreadPoolExecutor

    from arbitrage_core.services.failure import ServiceFailed
    from arbitrage_core.services.stores import ensure_prefect, ensure_stores, likely_prefect, status
    from console.complaint import complain
    from deployments.deploy import Deploying

    deploying = None
    with ThreadPoolExecutor(2) as at_once:
        started = [at_once.submit(ensure_stores, _notice)]
        if not stores:
            with suppress(ServiceFailed):  # what is started next says it
                deploying = Deploying(likely_prefect(_notice), _notice)
            started.append(at_once.submit(ensure_prefect, _notice))
        failed = [error for one in started if (error := one.exception()) is not None]
    if deploying is not None:
        if failed:
            deploying.give_up()
        else:
            deploying.finish(started[-1].result())
    for error in failed:
        if not isinstance(error, ServiceFailed):
            raise error
    if failed:
        for error in failed:
            complain(error.cause, error.cure, as_json=as_json and error is failed[0])
        raise typer.Exit(FAILED)
    wanted = ("postgres", "valkey") if stores else ("postgres", "valkey", "prefect", "worker")
    raise typer.Exit(_show([one for one in status() if one.service in wanted], as_json=as_json))


def down(as_json: Json = False) -> None:
    """End the servers of this checkout, in order; their data stay. Exit code 0, also when none ran."""
    from arbitrage_core.services.stores import stop_all

    ended = stop_all()
    if as_json:
        print_document({"ended": ended})
    else:
        line(f"ended: {', '.join(ended)}" if ended else "nothing was running")
    raise typer.Exit(ACCEPTED)


def status(as_json: Json = False) -> None:
    """Show the servers as they are now. Exit code 0: all well. 1: one is not."""
    from arbitrage_core.services.stores import status as found

    raise typer.Exit(_show(found(), as_json=as_json))


def reset(
    everything: Annotated[
        bool, typer.Option("--all", help="Begin with an empty record; the old one goes into the backup.")
    ] = False,
    yes: Yes = False,
    force: Annotated[bool, typer.Option("--force", help="Also while a session seems to be alive.")] = False,
    as_json: Json = False,
) -> None:
    """Make a tangled state usable: back up logs and journals, end what is left running, clear the live state.

    Only what is this checkout's is touched. The record stays. Exit code 0: usable. 1: a session is alive, or something
    is not cured.
    """
    from dataclasses import asdict

    from arbitrage_core.services.failure import ServiceFailed
    from arbitrage_core.services.reset import reset as do_reset
    from console.complaint import complain

    if everything and not yes and not _agrees():
        complain("nothing was done: the record goes only when you say so", "give --yes", as_json=as_json)
        raise typer.Exit(FAILED)
    try:
        report = do_reset(_notice, everything=everything, force=force)
    except ServiceFailed as error:
        complain(error.cause, error.cure, as_json=as_json)
        raise typer.Exit(FAILED) from error
    if as_json:
        print_document(asdict(report))
    else:
        line(f"ended: {', '.join(report.ended) or 'nothing was running'}")
        line(f"live-state keys cleared: {report.keys_cleared}")
        line(f"put aside: {', '.join(report.put_aside)} in {report.backup}" if report.backup else "put aside: nothing")
        for what in report.not_cured:
            line(f"not cured: {what}")
    raise typer.Exit(FAILED if report.not_cured else ACCEPTED)


def ui(
    only_print: Annotated[bool, typer.Option("--print", help="Say where the page is; open nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Open Prefect's page in the browser, signed in; its server and worker are started if they are not up.

    With --print, and where there is no browser, it says the address and the file that the password stands in.
    Exit code 0: opened, or said. 1: the server cannot be had.
    """
    import webbrowser

    from arbitrage_core.services.failure import ServiceFailed
    from arbitrage_core.services.stores import prefect_page
    from console.complaint import complain

    try:
        page = prefect_page(_notice)
    except ServiceFailed as error:
        complain(error.cause, error.cure, as_json=as_json)
        raise typer.Exit(FAILED) from error
    is_opened = not (only_print or as_json) and webbrowser.open(page.sign_in)
    if as_json:
        print_document({"address": page.address, "sign_in": page.sign_in, "password_file": page.password_file})
    elif is_opened:
        print(f"opened {page.address} in the browser, signed in")
    else:
        print(f"{page.address}")
        if page.password_file:
            print(f"signs in: {page.sign_in}, opened in a browser of this account")
            print(f"or the page asks for a password: {page.user}: and what stands in {page.password_file}, in one word")
    raise typer.Exit(ACCEPTED)


def _agrees() -> bool:
    """Asks on a terminal; a script says --yes."""
    if not sys.stdin.isatty():
        return False
    sys.stderr.write("All sessions, trades and studies of the record leave it, into .arb/backups. Sure? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def _notice(text: str) -> None:
    aside(f"{text} ...")


def _show(found: "list[ServiceStatus]", *, as_json: bool) -> int:
    if as_json:
        shown = [
            {
                "service": one.service,
                "state": str(one.state),
                "address": one.address,
                "pid": one.pid or None,
                "since": _time(one.since_ns),
                "data_bytes": one.data_bytes,
                "detail": one.detail,
            }
            for one in found
        ]
        print_document({"well": all(one.is_well for one in found), "services": shown})
    else:
        _print_table(found)
    return ACCEPTED if all(one.is_well for one in found) else FAILED


def _print_table(found: "list[ServiceStatus]") -> None:
    rows = [("service", "state", "address", "pid", "since (UTC)", "data", "")]
    for one in found:
        size = f"{one.data_bytes / 2**20:,.1f} MiB"
        since = (_time(one.since_ns) or "").replace("T", " ").removesuffix("Z")
        rows.append((one.service, str(one.state), one.address, str(one.pid or ""), since, size, one.detail))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        line("  ".join([*cells, row[-1]]).rstrip())


def _time(since_ns: int) -> str | None:
    if not since_ns:
        return None
    return datetime.fromtimestamp(since_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
