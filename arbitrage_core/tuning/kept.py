"""What the tuner compiles, kept on disk: under a digest of its own sources, which the engine's digest does not hold."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from arbitrage_core.domain.compiled import Compiled, rebind, use_cache_folder, without_blas
from arbitrage_core.services.home import home
from arbitrage_core.session.binding import sources_digest

SOURCES = ("envelope.py", "leaping_fold.py")


@lru_cache(maxsize=1)
def tuning_digest() -> str:
    """Hash (hex, 8 characters) of the tuner's compiled sources."""
    folder = Path(__file__).parent
    return hashlib.sha256(b"".join((folder / name).read_bytes() for name in SOURCES)).hexdigest()[:8]


def kept(function: Compiled, name: str, replacements: Mapping[str, Compiled] | None = None) -> Compiled:
    """`function` with others bound in, compiled when first called, or loaded; `name` says on disk what it is."""
    use_cache_folder(str(home() / "compiled" / sources_digest()))
    without_blas()
    return rebind(function, replacements or {}, name=f"{name}_{tuning_digest()}", cache=True)
