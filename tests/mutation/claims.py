"""Claims about mutants that no test kills, by hand in known.toml: which are equivalent, and why others were let live.

A mutant is named by its file, its function and the line before and after, so a line that moves keeps its claim.
"""

import tomllib
from dataclasses import dataclass, field
from pathlib import Path

KNOWN = Path(__file__).with_name("known.toml")
Key = tuple[str, str, str, str, int]


@dataclass(frozen=True)
class Claims:
    """Reasons by the key of a mutant."""

    equivalent: dict[Key, str] = field(default_factory=dict)
    survivor: dict[Key, str] = field(default_factory=dict)


def read_claims(path: Path = KNOWN) -> Claims:
    """The claims of a file; KeyError for an entry that lacks one of file, function, before, after, why."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return Claims(**{kind: _reasons(document.get(kind, [])) for kind in ("equivalent", "survivor")})


def _reasons(entries: list[dict]) -> dict[Key, str]:
    return {
        (entry["file"], entry["function"], entry["before"], after, entry.get("place", 0)): entry["why"]
        for entry in entries
        for after in entry["after"]
    }
