"""`arb test`: the test suite, exactly what CI runs."""

import subprocess
import sys
from pathlib import Path

import typer

ROOT = Path(__file__).resolve().parent.parent
WORKERS = "2"


def suite(context: typer.Context) -> None:
    """Run the test suite, as CI does; further arguments go to pytest, as in `arb test -k replay`.

    The exit code is pytest's.
    """
    command = [sys.executable, "-m", "pytest", "-n", WORKERS, *context.args]
    raise typer.Exit(subprocess.run(command, cwd=ROOT, check=False).returncode)
