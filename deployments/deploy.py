"""The deployments of prefect.yaml, made known to a Prefect server, so that they can be run and scheduled in its UI.

Prefect's own command does it, in a process of its own. It is skipped when this server already has them as they are:
their file's hash is remembered beside the server's data.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services.home import home
from arbitrage_core.services.prefect import prefect_environment
from arbitrage_core.session.binding import Notice

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "prefect.yaml"
WITHIN_S = 120


def deploy(api_url: str, notice: Notice) -> bool:
    """Makes the deployments known to the server at `api_url`; whether anything had to be done. Raises BadInput."""
    folder = home() / "services" / "deployments"
    marker = folder / "deployed"
    digest = hashlib.sha256(f"{api_url}\n{ROOT}\n".encode() + FILE.read_bytes()).hexdigest()
    if marker.is_file() and marker.read_text(encoding="utf-8") == digest:
        return False
    notice("telling Prefect of the flows that can be run")
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**prefect_environment(folder, api_url), "ARB_ROOT": str(ROOT), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-P", "-m", "prefect", "--no-prompt", "deploy", "--all"]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=WITHIN_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise BadInput(f"Prefect did not take the deployments within {WITHIN_S} s", "see arb status") from None
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        raise BadInput(f"Prefect refused the deployments: {said[-1] if said else done.returncode}", "see prefect.yaml")
    marker.write_text(digest, encoding="utf-8")
    return True
