"""The rows of a journal that holds them itself, as a feed: a paper or live session, to be run again."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from arbitrage_core.storage.journal_reader import JournalReader


class JournalRows:
    """The rows of an inline journal, as a `Feed`. Raises Damaged as they are read."""

    def __init__(self, folder: Path) -> None:
        self._reader = JournalReader(folder)
        config = self._reader.manifest.config()
        self.venues, self.symbols = tuple(venue.name for venue in config.venues), config.symbols
        self.levels = config.levels

    def identity(self) -> dict[str, Any]:
        """The journal, by the SHA-256 of its manifest, which is written once and belongs to no other."""
        return {
            "kind": "journal",
            "session": self._reader.manifest.session,
            "sha256": self._reader.manifest_sha256.hex(),
        }

    def __iter__(self) -> Iterator[np.ndarray]:
        """ROW[n] arrays, about a frame each."""
        return self._reader.rows()
