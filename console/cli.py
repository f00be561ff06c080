"""The command line `arb`, assembled from its commands, which import what they need when they run.

An error that is expected says itself in one line with its cure; anything else is a defect and shows its traceback.
"""

import logging
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import typer
from typer._click.exceptions import ClickException

from console.accept import accept, campaign
from console.audit import audit
from console.backtest import backtest
from console.bench import bench
from console.complaint import ACCEPTED, BAD_USAGE, FAILED, INTERRUPTED, complain, complain_of, tell_of_defect
from console.guard_commands import guard_app
from console.paper import paper
from console.plain import PlainRecord
from console.preset_commands import preset_app
from console.replay import replay
from console.services import down, reset, status, ui, up
from console.session_commands import session_app
from console.stress import stress
from console.suite import suite
from console.switches import kill, symbol_app
from console.tune import tune
from console.verdict import verdict

PROGRAM = "arb"
SEVERAL = "--data"
"""The option that takes several values in a row, as the shell makes them of *.parquet."""
GOES_ON = "what was recorded stays; the same command goes on with it"

app = typer.Typer(
    name=PROGRAM,
    help="Is this arbitrage worth trading? An answer with evidence.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # the framed help takes as long to import as everything else together
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("backtest")(backtest)
app.command("verdict")(verdict)
app.command("paper")(paper)
app.command("accept")(accept)
app.command("campaign")(campaign)
app.command("audit")(audit)
app.command("stress")(stress)
app.command("tune")(tune)
app.command("replay")(replay)
app.command("bench")(bench)
app.command("up")(up)
app.command("down")(down)
app.command("status")(status)
app.command("reset")(reset)
app.command("ui")(ui)
app.add_typer(session_app)
app.add_typer(symbol_app)
app.add_typer(guard_app)
app.add_typer(preset_app)
app.command("kill")(kill)
app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(suite)


def main() -> NoReturn:
    """The program: runs the command of `sys.argv` and ends with its exit code."""
    if sys.argv[1:2] != ["test"]:  # the suite is pytest's, and so is what steers it
        _shut_the_doors()
    sys.exit(run(sys.argv[1:]))


def _shut_the_doors() -> None:
    """Nothing of the user's steers what runs here, and nobody else reads what it makes."""
    from arbitrage_core.domain.errors import BadInput
    from arbitrage_core.services.environment import forget_settings
    from arbitrage_core.services.home import home
    from arbitrage_core.services.privacy import keep_private

    forget_settings()
    sys.excepthook = tell_of_defect
    logging.setLogRecordFactory(PlainRecord)
    try:
        keep_private(home())
    except BadInput as error:
        sys.exit(complain_of(error, as_json="--json" in sys.argv))


def run(arguments: Sequence[str]) -> int:
    """Runs a command and gives its exit code; what is expected to go wrong is said, the rest raised."""
    from arbitrage_core.domain.startup import collect_seldom

    collect_seldom()
    from arbitrage_core.domain.errors import BadInput, InvariantBroken

    as_json = "--json" in arguments
    try:
        code = app(repeated(arguments) or ["--help"], prog_name=PROGRAM, standalone_mode=False)
    except ClickException as error:
        return _usage(error, as_json=as_json)
    except (BadInput, InvariantBroken) as error:
        return complain_of(error, as_json=as_json)
    except MemoryError:
        complain("out of memory", "fewer rows, symbols or levels need less", as_json=as_json)
        return FAILED
    except (KeyboardInterrupt, typer.Abort):
        code = INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on: so be it
        return FAILED
    if code == INTERRUPTED:
        goes_on = GOES_ON if "tune" in arguments[:1] else ""
        complain("interrupted; nothing was left half-written", goes_on, as_json=as_json)
    return code if isinstance(code, int) else ACCEPTED


def repeated(arguments: Sequence[str]) -> list[str]:
    """`--data a b` as `--data a --data b`: click's options take one value each."""
    result: list[str] = []
    inside = False
    for argument in arguments:
        if argument.startswith("-"):
            inside = argument == SEVERAL
        elif inside and result[-1] != SEVERAL:
            result.append(SEVERAL)
        result.append(argument)
    return result


def _usage(error: ClickException, *, as_json: bool) -> int:
    context = getattr(error, "ctx", None)
    command = context.command_path if context is not None else PROGRAM
    complain(error.format_message(), f"see {command} --help", as_json=as_json)
    return BAD_USAGE


if __name__ == "__main__":
    main()
