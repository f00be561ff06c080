"""The instance: one run of a server, in a file from which the next command finds it again, also after a crash.

The file says what was started; whether it still runs is asked of the system each time. A pid alone proves nothing,
because pids come round again: the process must have been born when this file says.
"""

import secrets
import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services.operating_system import birth_of
from arbitrage_core.storage.damage import Damaged
from arbitrage_core.storage.document import read_document, write_document

INSTANCE_NAME = "instance.json"


class Instance(BaseModel):
    """A server that was started: its process, where it listens (127.0.0.1, 0: nowhere), since when (UTC ns).

    `birth` is `operating_system.birth_of` the process. `checkout` is the id of the home it serves, because a home may
    be copied with this file in it, and its server is then still the first one's. `token` is drawn for each run, so that
    who holds a connection can tell that the server is another one now.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    service: str = Field(min_length=1, max_length=40)
    pid: int = Field(gt=0, lt=2**31)
    birth: str = Field(min_length=1, max_length=100)
    port: int = Field(ge=0, lt=2**16)
    checkout: str = Field(pattern="^[0-9a-f]{12}$")
    token: str = Field(pattern="^[0-9a-f]{32}$")
    started_ns: int = Field(gt=0, lt=2**63)

    @classmethod
    def of(cls, service: str, pid: int, port: int, checkout: str) -> "Instance | None":
        """The instance that a living process is; None if it is dead."""
        birth = birth_of(pid)
        if not birth:
            return None
        token = secrets.token_hex(16)
        now_ns = time.time_ns()
        return cls(service=service, pid=pid, birth=birth, port=port, checkout=checkout, token=token, started_ns=now_ns)

    def is_alive(self) -> bool:
        """Whether the process runs, and is the one that was started."""
        return birth_of(self.pid) == self.birth

    def write(self, folder: Path) -> None:
        """Writes the file, whole or not at all. Raises DiskRefused."""
        write_document(folder / INSTANCE_NAME, self.model_dump())


def read_instance(folder: Path, service: str, checkout: str) -> Instance | None:
    """What was started last and not stopped in order, dead or alive.

    None if nothing was, the file is garbage, or it tells of another service or another checkout's.
    """
    try:
        content, _ = read_document(folder / INSTANCE_NAME)
        instance = Instance.model_validate(content)
    except (Damaged, BadInput, ValidationError, OSError):
        return None  # garbage tells nothing; a server it hid is found by what it runs
    return instance if (instance.service, instance.checkout) == (service, checkout) else None


def forget_instance(folder: Path) -> None:
    """Removes the file, if it is there. Raises OSError."""
    (folder / INSTANCE_NAME).unlink(missing_ok=True)
