"""The deployments of prefect.yaml, made known to a Prefect server, so that they can be run and scheduled in its UI.

Prefect's own command does it, in a process of its own that imports what it needs while the server still starts. It is
left out when this server has them as they are: the file's hash is remembered, and the server is asked.
"""

import hashlib
import http.client
import subprocess
from contextlib import suppress
from pathlib import Path

import yaml

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services.home import home
from arbitrage_core.services.prefect import POOL, prefect_environment, prefect_once
from arbitrage_core.services.prefect_api import call, parted
from arbitrage_core.session.binding import Notice

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "prefect.yaml"
WITHIN_S = 120
ASK_S = 5.0


class Deploying:
    """The deployments on their way to the server at `api_url`, which may still be starting. Then `finish` or `give_up`.

    `notice` is told when there is something to be done.
    """

    def __init__(self, api_url: str, notice: Notice) -> None:
        self._api_url, self._notice = api_url, notice
        self._process: subprocess.Popen[str] | None = None
        if not self._is_remembered():
            self._begin()

    def finish(self, api_url: str) -> bool:
        """Waits until the server, now up at `api_url`, has them; whether anything had to be done. Raises BadInput."""
        if api_url != self._api_url:  # its port was taken in between
            self.give_up()
            self._api_url = api_url
        if self._process is None and self._is_remembered() and self._are_there():
            return False
        process = self._process or self._begin()
        try:
            said, wrong = process.communicate(timeout=WITHIN_S)
        except subprocess.TimeoutExpired:
            raise BadInput(f"Prefect did not take the deployments within {WITHIN_S} s", "see arb status") from None
        finally:
            self.give_up()
        if process.returncode != 0:
            lines = (wrong or said).strip().splitlines()
            raise BadInput(
                f"Prefect refused the deployments: {lines[-1] if lines else process.returncode}", "see prefect.yaml"
            )
        self._marker.write_text(self._digest, encoding="utf-8")
        return True

    def give_up(self) -> None:
        """Ends the process, if there is one."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.kill()
            process.communicate()

    def _begin(self) -> subprocess.Popen[str]:
        self._notice("telling Prefect of the flows that can be run")
        self._marker.parent.mkdir(parents=True, exist_ok=True)
        environment = prefect_environment(self._marker.parent, self._api_url)
        self._process = subprocess.Popen(
            prefect_once(
                f"{self._api_url}/work_pools/{POOL}",  # the worker makes it
                ["prefect.cli", *(_module(one) for one in _deployments())],
                ["--no-prompt", "deploy", "--all"],
            ),
            cwd=ROOT,
            env={**environment, "ARB_ROOT": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self._process

    @property
    def _marker(self) -> Path:
        return home() / "services" / "deployments" / "deployed"

    @property
    def _digest(self) -> str:
        return hashlib.sha256(f"{parted(self._api_url)[0]}\n{ROOT}\n".encode() + FILE.read_bytes()).hexdigest()

    def _is_remembered(self) -> bool:
        return self._marker.is_file() and self._marker.read_text(encoding="utf-8") == self._digest

    def _are_there(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            names = [(_flow(one), one["name"]) for one in _deployments()]
            return all(call(self._api_url, f"/deployments/name/{f}/{d}", ASK_S)[0] == 200 for f, d in names)
        return False


def _deployments() -> list[dict[str, str]]:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))["deployments"]


def _module(deployment: dict[str, str]) -> str:
    """`flows.accept` of `flows/accept.py:accept`."""
    return deployment["entrypoint"].partition(":")[0].removesuffix(".py").replace("/", ".")


def _flow(deployment: dict[str, str]) -> str:
    """`accept-all` of `flows/accept.py:accept_all`: Prefect writes the names of functions with hyphens."""
    return deployment["entrypoint"].partition(":")[2].replace("_", "-")
