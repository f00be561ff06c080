"""The home: where a checkout keeps what it makes, and the name under which its servers and keys are its own."""

import hashlib
import os
from pathlib import Path

import arbitrage_core

DEFAULT_NAME = ".arb"


def home() -> Path:
    """Where this checkout keeps what it makes: `ARB_HOME`, else `.arb` beside the package."""
    chosen = os.environ.get("ARB_HOME")
    return Path(chosen).absolute() if chosen else Path(arbitrage_core.__file__).resolve().parent.parent / DEFAULT_NAME


def checkout_id(folder: Path | None = None) -> str:
    """12 hex digits that name a home (by default this checkout's): the beginning of the SHA-256 of its resolved path.

    A home that is moved is another one, with live-state keys of its own.
    """
    return hashlib.sha256(str((folder or home()).resolve()).encode()).hexdigest()[:12]
