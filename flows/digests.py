"""The digests a verdict stands for: of the sources that ran and judged, and of what the stage is made of."""

import hashlib
from functools import lru_cache
from pathlib import Path

from arbitrage_core.domain.identity import digest_of
from flows.seed_rows import config_of
from flows.stages.stage import Stage

PACKAGES = ("arbitrage_core", "checks", "flows")
"""What runs and judges a stage. Not the console, which only asks for it, nor tests and texts."""


@lru_cache(maxsize=1)
def code_digest() -> str:
    """SHA-256 (hex) of the sources as this process found them."""
    return sources_digest_of(Path(__file__).resolve().parent.parent)


def sources_digest_of(root: Path) -> str:
    """SHA-256 (hex) of all Python sources of the packages below `root`, with their names."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*.py")):
            content = file.read_bytes()
            name = file.relative_to(root).as_posix()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()


def config_digest(stage: Stage) -> str:
    """SHA-256 (hex) of a stage's data and of the settings of every session it runs."""
    sessions = {one.name: {seed: config_of(one, seed).digest for seed in one.seeds} for one in stage.campaigns}
    return digest_of({"stage": stage.model_dump(mode="json"), "sessions": sessions})
