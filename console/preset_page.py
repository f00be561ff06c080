"""A preset's page: its parameters, its digests, and the evidence it was saved on, in sample beside out of sample."""

from datetime import UTC, datetime
from typing import Any

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.services.stores import ensure_postgres
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.presets import list_presets, name_and_version, read_preset, versions_of
from console.accept_run import say
from console.document import print_document
from console.preset_list import figure, objective_of


def preset_document(wanted: str, version: int | None) -> dict[str, Any]:
    """The document of `arb preset show`. Raises BadInput, PresetTampered, ServiceFailed, RecordAway."""
    name, of_name = name_and_version(wanted)
    if version is not None and of_name is not None and version != of_name:
        raise BadInput(f"{wanted} names one version and --version another", "name it once")
    with Record.open(ensure_postgres(say)) as record, record.begin() as connection:
        preset = read_preset(connection, name, version or of_name)
        listed = next(one for one in list_presets(connection) if one.used.name == name)
        versions = versions_of(connection, name)
    from arbitrage_core.tuning.study import code_digest  # brings the samplers with it

    code = (preset.evidence or {}).get("code_digest")
    return {
        "name": preset.name,
        "version": preset.version,
        "in_use": listed.used.version,
        "chosen": listed.chosen,
        "versions": versions,
        "strategy": preset.strategy,
        "params": preset.params,
        "digest": preset.digest,
        "whole_digest": preset.whole_digest,
        "study": preset.study,
        "trials": preset.trials,
        **objective_of(preset),
        "code_is_todays": None if code is None else code == code_digest(),
        "evidence": preset.evidence,
        "note": preset.note,
        "created_ns": preset.created_ns,
    }


def print_preset(document: dict[str, Any], *, as_json: bool) -> None:
    """As a document or as a page."""
    if as_json:
        print_document(document)
        return
    from rich.padding import Padding
    from rich.table import Table

    from console.page import Page, shown_of

    document, console = shown_of(document), Page()
    console.print(f"[bold]{document['name']}@{document['version']}[/bold]\n")
    params = [(name, str(value)) for name, value in document["params"].items()]
    parts = [(lines, 19) for lines in (_identity(document), params, _evidence(document))]
    for lines, width in (*parts, (_digests(document), 6)):  # narrow: a digest of 64 characters stays in one piece
        table = Table.grid(padding=(0, 2))
        table.add_column(style="dim", no_wrap=True, min_width=width)
        table.add_column(overflow="fold")
        for label, said in lines:
            table.add_row(label, said)
        console.print(Padding(table, (0, 0, 1, 2), expand=False))


def _identity(document: dict[str, Any]) -> list[tuple[str, str]]:
    saved = datetime.fromtimestamp(document["created_ns"] / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    why = "chosen" if document["chosen"] else "the newest"
    return [
        ("in use", f"version {document['in_use']}, {why}; there are {', '.join(map(str, document['versions']))}"),
        ("strategy", document["strategy"]),
        ("saved", saved),
    ]


def _plateau(plateau: dict[str, Any] | None) -> str:
    """Whether the set stands alone among its neighbours."""
    if plateau is None:
        return "no neighbours were tried"
    share = plateau["worst_share"]
    brings = "brings nothing to compare" if share is None else f"brings {share:.0%} of it"
    return (
        f"{'holds' if plateau['holds'] else 'DOES NOT hold'}: the worst of {plateau['neighbours']} neighbours {brings}"
    )


def _digests(document: dict[str, Any]) -> list[tuple[str, str]]:
    evidence = document["evidence"] or {}
    known = [(name, evidence.get(f"{name}_digest")) for name in ("data", "code", "config")]
    return [("digest", document["digest"]), *((name, digest) for name, digest in known if digest)]


def _evidence(document: dict[str, Any]) -> list[tuple[str, str]]:
    evidence, study = document["evidence"], document["study"]
    if evidence is None:
        known = f"; it came of study {study}" if study else ""
        return [("evidence", f"none was kept{known}"), ("note", document["note"] or "–")]
    inside, outside = evidence["in_sample"], evidence["out_of_sample"]
    figures = [(name, f"{figure(inside[name])} in sample, {figure(outside.get(name))} out") for name in inside]
    code = "today's" if document["code_is_todays"] else "NOT today's: run it again before you rely on it"
    return [
        ("study", f"{study}: trial {evidence['trial']} of {document['trials']:,}, {evidence['failed']:,} stopped"),
        ("chosen by", ", ".join(evidence["objectives"])),
        *figures,
        ("deflated Sharpe", figure(evidence["deflated_sharpe"])),
        ("overfit probability", figure(evidence["overfit_probability"])),
        ("loss probability", figure(evidence["loss_probability"])),
        ("plateau", _plateau(evidence["plateau"])),
        *([("worst case", evidence["worst"])] if "worst" in evidence else []),
        ("against it", "; ".join(evidence["objections"]) or "nothing"),
        ("set by hand there", ", ".join(evidence["settings"]) or "nothing"),
        ("code", code),
    ]
