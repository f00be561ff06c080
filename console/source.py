"""The source: the rows a command is told to trade, recorded or synthetic, and what a session on them starts from."""

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from arbitrage_core.domain.errors import BadInput
from arbitrage_core.feeds.distorted import Distorted
from arbitrage_core.feeds.distortion import Distortion
from arbitrage_core.feeds.feed import Feed
from arbitrage_core.feeds.recorded import RecordedQuotes
from arbitrage_core.feeds.row_stream import rows_within
from arbitrage_core.feeds.scripted import Scripted, Step
from arbitrage_core.feeds.synthetic import ROWS_MAX, SyntheticQuotes
from arbitrage_core.feeds.synthetic_market import SyntheticMarket
from arbitrage_core.feeds.synthetic_presets import preset
from arbitrage_core.storage.disk import write_whole

LABEL_CHARACTERS_MAX = 24
PATHS_NAME = "data.json"
"""Lies beside a journal that cites files: it names them by digest, this says where they were."""


@dataclass(frozen=True)
class Wanted:
    """What the operator chose of the data; None takes what there is."""

    data: tuple[Path, ...] = ()
    synthetic: str | None = None
    seed: int = 0
    rows: int | None = None
    venues: tuple[str, ...] | None = None
    symbols: tuple[str, ...] | None = None
    duration_ns: int | None = None
    levels: int | None = None


@dataclass(frozen=True)
class Source:
    """A feed, a short name for it, how many rows to expect, and the preset's settings."""

    feed: Feed
    label: str
    rows: int
    paths: tuple[Path, ...] = ()
    params: dict[str, Any] = field(default_factory=dict)
    market_overrides: dict[str, Any] = field(default_factory=dict)


def source_of(wanted: Wanted) -> Source:
    """Opens the data. Raises BadInput when there is not exactly one source, and for whatever the feed refuses."""
    if bool(wanted.data) == (wanted.synthetic is not None):
        raise BadInput(
            "the rows come either from --data or from --synthetic, one of the two",
            "name one: --data FILE, or --synthetic mixed",
        )
    return _recorded(wanted) if wanted.data else _synthetic(wanted)


def names_of(option: str, text: str | None) -> tuple[str, ...] | None:
    """`a,b` as names; None for None. Raises BadInput for an empty one."""
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise BadInput(f"--{option} {text!r} holds an empty name", "separate names by single commas: a,b")
    return names


def _recorded(wanted: Wanted) -> Source:
    feed = RecordedQuotes(
        wanted.data,
        wanted.venues,
        wanted.symbols,
        wanted.levels,
        duration_ns=wanted.duration_ns,
        rows=wanted.rows,
        paired=True,
    )
    label = _slug(wanted.data[0].stem) + (f"-and-{len(wanted.data) - 1}" if len(wanted.data) > 1 else "")
    expected = feed.quote_count if wanted.rows is None else min(feed.quote_count, wanted.rows)
    return Source(feed, label, expected, tuple(path.resolve() for path in wanted.data))


def _synthetic(wanted: Wanted) -> Source:
    chosen = preset(wanted.synthetic)

    def feed_of(rows: int) -> SyntheticQuotes:
        return SyntheticQuotes(
            chosen.market,
            venues=wanted.venues or chosen.venues,
            symbols=wanted.symbols or chosen.symbols,
            rows=rows,
            seed=wanted.seed,
            levels=chosen.levels if wanted.levels is None else wanted.levels,
        )

    rows = chosen.rows if wanted.rows is None else wanted.rows
    if wanted.duration_ns is not None:
        rows = rows_within(feed_of(ROWS_MAX if wanted.rows is None else wanted.rows), wanted.duration_ns)
    return Source(feed_of(rows), chosen.name, rows, params=chosen.params, market_overrides=chosen.market_overrides)


def remember_paths(folder: Path, source: Source) -> None:
    """Writes into a journal's folder where its files are. Raises DiskRefused."""
    if source.paths:
        document = {"paths": [str(path) for path in source.paths]}
        write_whole(folder / PATHS_NAME, json.dumps(document, indent=2).encode())


def cited_source(folder: Path, cited: dict[str, Any], data: tuple[Path, ...]) -> Source:
    """The rows a journal cites: made again, or read from the files in `data`, or else from where they were.

    `cited` is the manifest's source. Raises BadInput when they cannot be had; whether they are the same, the replay
    finds out by their digest.
    """
    try:
        if cited["kind"] == "synthetic":
            names = ("venues", "symbols", "rows", "seed", "levels")
            own = {name: SyntheticMarket.model_validate(one) for name, one in cited.get("markets", {}).items()}
            market = SyntheticMarket.model_validate(cited["market"])
            feed = SyntheticQuotes(market, **{name: cited[name] for name in names}, markets=own)
            return Source(feed, "synthetic", cited["rows"])
        if cited["kind"] == "scripted":
            rows = cited_source(folder, cited["feed"], data)
            script = [Step.model_validate(step) for step in cited["script"]]
            return replace(rows, feed=Scripted(rows.feed, script), label="scripted")
        if cited["kind"] == "distorted":
            rows = cited_source(folder, cited["feed"], data)
            distortions = [Distortion.model_validate(one) for one in cited["distortions"]]
            return replace(rows, feed=Distorted(rows.feed, distortions), label="distorted")
        if cited["kind"] == "recorded":
            return _recorded_again(_paths_of(folder, cited["files"], data), cited)
    except (KeyError, TypeError, ValidationError) as error:
        raise BadInput(f"{folder} cites rows in a way not understood: {error}", "run the session again") from error
    raise BadInput(f"{folder} cites rows of kind {cited['kind']!r}, which cannot be had again")


def _recorded_again(paths: tuple[Path, ...], cited: dict[str, Any]) -> Source:
    limits = {name: cited[name] for name in ("duration_ns", "rows", "ended_after_ns")}
    feed = RecordedQuotes(paths, cited["venues"], cited["symbols"], cited["levels"], **limits)
    return Source(feed, "recorded", feed.quote_count, paths)


def _paths_of(folder: Path, files: list[dict[str, Any]], data: tuple[Path, ...]) -> tuple[Path, ...]:
    if data:
        return data
    try:
        paths = tuple(Path(path) for path in json.loads((folder / PATHS_NAME).read_text(encoding="utf-8"))["paths"])
    except (OSError, ValueError, KeyError, TypeError):
        paths = tuple(Path(file["name"]) for file in files)
    missing = [str(path) for path in paths if not path.is_file()]
    if missing:
        raise BadInput(f"the rows were read from {', '.join(missing)}, no longer there", "say where: --data FILE")
    return paths


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LABEL_CHARACTERS_MAX].strip("-") or "data"
