"""The manifest: what a journal is the journal of. Written before anything else of it, and never changed."""

import hashlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.domain.row import row_dtype
from arbitrage_core.domain.session import SessionConfig
from arbitrage_core.engine.output import ORDER_OUT
from arbitrage_core.storage.damage import Damaged
from arbitrage_core.storage.document import read_document, write_document
from arbitrage_core.storage.layout import layout_of

MANIFEST_NAME = "manifest.json"
FORMAT_VERSION = 1
INLINE = {"kind": "inline"}
"""The source of a journal that holds its rows itself; any other cites where they can be read again."""

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Manifest(BaseModel):
    """What a journal begins with.

    `configuration` is the `SessionConfig` as JSON (infinite limits as "Infinity") and `configuration_digest` its
    digest; `source` is `INLINE` or what the feed's `identity()` gave; `records` the layouts of rows and intents;
    `schema_version` the engine state's, `code_version` the program's, as its caller names it; `created_ns` UTC.
    `preset`: the one the session ran with (`StrategyPreset.cited`); a file without it is of one that ran with none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format_version: Literal[1] = FORMAT_VERSION
    session: str = Field(min_length=1, max_length=200)
    session_key: int = Field(ge=0, lt=2**63)
    configuration: dict[str, object]
    configuration_digest: Sha256
    levels: int = Field(ge=1, le=20)
    records: dict[str, object]
    schema_version: int = Field(ge=0)
    code_version: str = Field(min_length=1, max_length=200)
    source: dict[str, object]
    created_ns: int = Field(ge=0, lt=2**63)
    preset: dict[str, object] | None = None

    @field_validator("session")
    @classmethod
    def _name_prints(cls, session: str) -> str:
        if not session.isprintable():
            raise ValueError("a session's name prints")
        return session

    @field_validator("source")
    @classmethod
    def _source_names_its_kind(cls, source: dict[str, object]) -> dict[str, object]:
        kind = source.get("kind")
        if not isinstance(kind, str) or not kind:
            raise ValueError("a source says its kind")
        if kind == INLINE["kind"] and source != INLINE:
            raise ValueError("an inline source cites nothing")
        return source

    @classmethod
    def of(
        cls,
        config: SessionConfig,
        *,
        session: str,
        session_key: int,
        source: dict[str, object],
        schema_version: int,
        code_version: str,
        created_ns: int,
        preset: dict[str, object] | None = None,
    ) -> "Manifest":
        """The manifest of a session about to start. Raises BadInput when an entry is impossible."""
        try:
            return cls(
                session=session,
                session_key=session_key,
                configuration=config.model_dump(mode="json"),
                configuration_digest=config.digest,
                levels=config.levels,
                records=_records_of(config.levels),
                schema_version=schema_version,
                code_version=code_version,
                source=source,
                created_ns=created_ns,
                preset=preset,
            )
        except ValidationError as error:
            raise BadInput(f"a journal cannot begin like this: {_first_of(error)}") from error

    @property
    def is_inline(self) -> bool:
        """Whether the journal holds its rows itself."""
        return self.source == INLINE

    def write(self, folder: Path) -> bytes:
        """Writes the manifest whole or not at all and gives its file's SHA-256. Raises BadInput, DiskRefused."""
        content = self.model_dump(exclude={"preset"} if self.preset is None else None)
        return hashlib.sha256(write_document(folder / MANIFEST_NAME, content)).digest()

    @classmethod
    def read(cls, folder: Path) -> tuple["Manifest", bytes]:
        """The manifest of a journal and the SHA-256 of its file. Raises BadInput (none there) and Damaged."""
        path = folder / MANIFEST_NAME
        try:
            content, sha256 = read_document(path)
        except OSError as error:
            raise BadInput(f"{folder} holds no readable journal: {path.name}: {error.strerror}") from error
        if content.get("format_version") != FORMAT_VERSION:
            version = content.get("format_version")
            raise BadInput(f"{path} is of format version {version}, this program reads version {FORMAT_VERSION}")
        try:
            return cls.model_validate(content), bytes.fromhex(sha256)
        except ValidationError as error:
            raise Damaged(path, f"not a manifest: {_first_of(error)}") from error

    def config(self) -> SessionConfig:
        """The session's configuration. Raises BadInput when this program does not make the same one of it."""
        try:
            config = SessionConfig.model_validate(self.configuration)
        except ValidationError as error:
            raise BadInput(f"session {self.session}: configuration not understood: {_first_of(error)}") from error
        if config.digest != self.configuration_digest:
            raise BadInput(
                f"session {self.session}: its configuration means something else to this program",
                f"use the version that wrote it ({self.code_version})",
            )
        return config

    def check_records(self) -> None:
        """Raises BadInput when this program's rows or intents are laid out otherwise than the journal's."""
        for name, layout in _records_of(self.levels).items():
            if self.records.get(name) != layout:
                raise BadInput(
                    f"session {self.session}: its {name} are laid out otherwise than this program's",
                    f"use the version that wrote it ({self.code_version})",
                )


def _records_of(levels: int) -> dict[str, object]:
    return {"rows": layout_of(row_dtype(levels)), "intents": layout_of(ORDER_OUT)}


def _first_of(error: ValidationError) -> str:
    first = error.errors(include_url=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
