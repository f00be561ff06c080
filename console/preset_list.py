"""The presets of the record, as a list."""

from datetime import UTC, datetime
from typing import Any

from arbitrage_core.services.stores import ensure_postgres
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.presets import Listed, StrategyPreset, list_presets
from console.accept_run import say
from console.document import print_document

DIGEST_CHARACTERS = 8


def presets_of() -> list[dict[str, Any]]:
    """Every preset by name, of the version in use. Raises ServiceFailed, RecordAway."""
    with Record.open(ensure_postgres(say)) as record, record.begin() as connection:
        return [_entry(one) for one in list_presets(connection)]


def objective_of(preset: StrategyPreset) -> dict[str, Any]:
    """The first objective of its study, and what it came to in sample and out; None where that is not known."""
    evidence = preset.evidence or {}
    objective = next(iter(evidence.get("objectives", ())), None)
    figures = {part: evidence.get(part, {}).get(objective) for part in ("in_sample", "out_of_sample")}
    return {"objective": objective, **figures}


def _entry(one: Listed) -> dict[str, Any]:
    preset = one.used
    return {
        "name": preset.name,
        "in_use": preset.version,
        "newest": one.newest,
        "chosen": one.chosen,
        "strategy": preset.strategy,
        "digest": preset.digest,
        "study": preset.study,
        "trials": preset.trials,
        **objective_of(preset),
        "created_ns": preset.created_ns,
        "flaw": preset.flaw,
    }


def print_presets(found: list[dict[str, Any]], *, as_json: bool) -> None:
    """As a document or as a table."""
    if as_json:
        print_document({"presets": found})
        return
    from rich.table import Table

    from console.page import Page, shown_of

    found, console = shown_of(found), Page()
    if not found:
        console.print("no preset is saved yet: arb tune --save NAME makes one")
        return
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for head in ("preset", "in use", "digest", "study", "trials", "in sample", "out", "saved UTC"):
        table.add_column(head, no_wrap=head not in ("preset", "study"), overflow="fold")
    for one in found:
        saved = datetime.fromtimestamp(one["created_ns"] / 1e9, UTC).strftime("%m-%d %H:%M")
        trials = "–" if one["trials"] is None else f"{one['trials']:,}"
        table.add_row(
            one["name"],
            _version(one),
            one["digest"][:DIGEST_CHARACTERS],
            one["study"] or "–",
            trials,
            figure(one["in_sample"]),
            figure(one["out_of_sample"]),
            saved,
        )
    console.print(table)
    for one in found:
        if one["flaw"]:
            console.print(f"[red]{one['name']}@{one['in_use']} cannot be used: {one['flaw']}[/red]")


def _version(one: dict[str, Any]) -> str:
    """The version in use, and how many there are where an operator chose it."""
    return f"{one['in_use']} of {one['newest']}" if one["chosen"] else str(one["in_use"])


def figure(value: object) -> str:
    """A figure as the pages show it."""
    return "–" if value is None else f"{value:,.6g}" if isinstance(value, float) else str(value)
