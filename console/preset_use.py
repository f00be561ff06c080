"""The choice of a preset's version, by an operator."""

import getpass
import uuid

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services.stores import ensure_postgres
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.presets import ACTION, name_and_version, use_preset
from console.accept_run import say
from console.document import print_document
from console.plain import line


def used(wanted: str, version: int | None, *, newest: bool, reason: str, as_json: bool) -> None:
    """Makes the choice and says it. Raises BadInput, PresetTampered, ServiceFailed, RecordAway."""
    name, of_name = name_and_version(wanted)
    asked = {version, of_name} - {None}
    if len(asked) + newest != 1:
        raise BadInput("a name means one version, or the newest", "say which: --version N, or --newest")
    with Record.open(ensure_postgres(say)) as record, record.begin() as connection:
        preset = use_preset(
            connection,
            name,
            None if newest else asked.pop(),
            command_id=f"{ACTION}-{uuid.uuid4().hex}",
            operator=getpass.getuser(),
            source="command line",
            reason=reason,
        )
    if as_json:
        said = {"name": preset.name, "version": preset.version, "chosen": not newest, "digest": preset.digest}
        print_document(said)
    else:
        line(f"{preset.name} means version {preset.version}{', the newest' if newest else ''}")
