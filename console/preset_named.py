"""The preset that `--preset` names, read from the record; without one nothing is asked and no database needed."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from arbitrage_core.storage.record.presets import StrategyPreset


def preset_named(wanted: str | None) -> "StrategyPreset | None":
    """The preset meant by NAME or NAME@VERSION, its digests verified. Raises BadInput, PresetTampered, ServiceFailed
    and RecordAway when the record cannot be had."""
    if wanted is None:
        return None
    from arbitrage_core.services.stores import ensure_postgres
    from arbitrage_core.storage.record.presets import name_and_version, read_named
    from console.accept_run import say

    name_and_version(wanted)  # before anything is started for it
    return read_named(ensure_postgres(say), wanted)


def preset_line(preset: "StrategyPreset | None") -> list[tuple[str, str]]:
    """What a page says of it; nothing of none."""
    if preset is None:
        return []
    study = "" if preset.study is None else f", of study {preset.study}"
    return [("preset", f"{preset}{study}, digest {preset.digest[:12]}")]
