"""What `arb` and `arb.cmd` run: the command line of the checkout that this file lies in, and of no other.

Python is started isolated (`-I`): neither PYTHONPATH nor the working directory nor a folder of the user's says whose
code runs, so the checkout is put first on the path here. A package that is missing says what to do about it: what is
in `.venv` was looked at when it was made, and something may have been taken out since.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"


def main() -> None:
    """Runs the command of `sys.argv`."""
    sys.path.insert(0, str(ROOT))
    try:
        from console.cli import main as command_line

        command_line()
    except ModuleNotFoundError as error:
        if error.name is None or (ROOT / error.name.partition(".")[0]).is_dir():
            raise  # our own: a defect
        print(f"error: {error.name} is missing in the Python that runs this, {sys.prefix}", file=sys.stderr)
        if Path(sys.prefix).resolve() == VENV.resolve():
            (VENV / "requirements.lock").unlink(missing_ok=True)  # so the launchers make it anew
            print("cure: give the command again: it makes .venv anew", file=sys.stderr)
        else:
            print("cure: run ./arb, which installs what requirements.lock names", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
