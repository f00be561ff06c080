"""Damage: what was stored is not what was written."""

from pathlib import Path

from arbitrage_core.domain.errors import BadInput


class Damaged(BadInput):
    """A file is not as it was written: changed, cut, missing or foreign.

    `path` is the file, `offset` the byte at which its sound part ends, `why` the finding, and `incomplete` says that
    the file merely ends too early, as after a crash.
    """

    from_outside = True

    def __init__(self, path: Path, why: str, *, offset: int = 0, incomplete: bool = False) -> None:
        super().__init__(f"{path}: {why}" + (f" (at byte {offset:,})" if offset else ""))
        self.path, self.why, self.offset, self.incomplete = path, why, offset, incomplete
