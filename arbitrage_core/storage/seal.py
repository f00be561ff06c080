"""The seal: the last thing written of a journal. It says what the journal holds, so that nothing can be missing."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.storage.damage import Damaged
from arbitrage_core.storage.document import read_document, write_document
from arbitrage_core.storage.manifest import Sha256

SEAL_NAME = "seal.json"

Count = Annotated[int, Field(ge=0, lt=2**63)]


class SegmentRecord(BaseModel):
    """One segment as it was closed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    name: str
    size_bytes: Count
    frames: Count
    sha256: Sha256


class Seal(BaseModel):
    """How a session ended and what its journal holds.

    `status` is "complete" (the session reached its end; `final_state_hash` is its state's) or "broken" (`reason` says
    by what). `summary` is the result as the session gave it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    status: Literal["complete", "broken"]
    reason: str = ""
    final_state_hash: str = ""
    summary: dict[str, object] = {}
    rows: Count
    reports: Count
    intents: Count
    frames: Count
    segments: list[SegmentRecord]
    manifest_sha256: Sha256

    def write(self, folder: Path) -> None:
        """Writes the seal whole or not at all. Raises BadInput (a summary JSON cannot say) and DiskRefused."""
        write_document(folder / SEAL_NAME, self.model_dump())

    @classmethod
    def read(cls, folder: Path) -> "Seal | None":
        """The seal of a journal, None while there is none. Raises Damaged."""
        path = folder / SEAL_NAME
        try:
            content, _ = read_document(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise BadInput(f"{path} cannot be read: {error.strerror}") from error
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise Damaged(path, f"not a seal: {error.errors(include_url=False)[0]['msg']}") from error
