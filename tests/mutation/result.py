"""The result: what became of the mutants, file by file, and the report that keeps it.

The report holds a part for each file with the hash of the text its mutants were made of, so that one file can be tried
again by itself, and anyone can see which parts are of the code as it is.
"""

import hashlib
import json
from dataclasses import asdict, dataclass

from tests.mutation.claims import Claims, Key
from tests.mutation.mutant import Mutant


@dataclass(frozen=True)
class Named:
    """A mutant nothing killed; `why` is empty where nobody said."""

    file: str
    line: int
    operator: str
    before: str
    after: str
    why: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before}  ->  {self.after}" + (f"  ({self.why})" if self.why else "")


@dataclass(frozen=True)
class Part:
    """What became of the mutants of one file; `code` is the SHA-256 of its text."""

    file: str
    code: str
    mutants: int
    killed: int
    survived: tuple[Named, ...]
    equivalent: tuple[Named, ...]


def part_of(file: str, text: str, mutants: list[Mutant], killed: list[bool], claims: Claims) -> Part:
    """Counts the mutants of a file; one that lives is equivalent if that is claimed."""
    living = [mutant for mutant, was_killed in zip(mutants, killed, strict=True) if not was_killed]
    return Part(
        file,
        code_of(text),
        len(mutants),
        sum(killed),
        tuple(_named(mutant, claims.survivor) for mutant in living if mutant.key not in claims.equivalent),
        tuple(_named(mutant, claims.equivalent) for mutant in living if mutant.key in claims.equivalent),
    )


def false_claims(file: str, mutants: list[Mutant], killed: list[bool], claims: Claims) -> list[str]:
    """What known.toml says of a file's mutants and is not so: they were killed, or there are none such."""
    fate = {mutant.key: was_killed for mutant, was_killed in zip(mutants, killed, strict=True)}
    claimed = [key for key in (*claims.equivalent, *claims.survivor) if key[0] == file]
    return [
        f"{'killed all the same' if key in fate else 'there is no such mutant'}: {' | '.join(map(str, key))}"
        for key in claimed
        if fate.get(key, True)
    ]


def code_of(text: str) -> str:
    """The hash of a file's text."""
    return hashlib.sha256(text.encode()).hexdigest()


def rate_of(parts: list[Part]) -> float:
    """Killed of the mutants that are not equivalent; 0 without any."""
    different = sum(part.mutants - len(part.equivalent) for part in parts)
    return sum(part.killed for part in parts) / different if different else 0.0


def told(parts: list[Part]) -> str:
    """A page for the terminal."""
    lines = [str(named) for part in parts for named in part.survived]
    lines += [f"{part.file}: {_figures([part])}" for part in parts]
    if len(parts) > 1:
        lines.append(f"together: {_figures(parts)}")
    return "\n".join(lines) + "\n"


def report_text(parts: list[Part]) -> str:
    """The report, JSON: the same parts give the same text."""
    files = [{**asdict(part), "survived": len(part.survived), "equivalent": len(part.equivalent)} for part in parts]
    document = {
        "code": code_of("".join(part.code for part in parts)),
        "mutants": sum(part.mutants for part in parts),
        "killed": sum(part.killed for part in parts),
        "survived": [asdict(named) for part in parts for named in part.survived],
        "equivalent": [asdict(named) for part in parts for named in part.equivalent],
        "files": files,
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def parts_in(text: str) -> list[Part]:
    """The parts a report holds."""
    document = json.loads(text)

    def named(kind: str, file: str) -> tuple[Named, ...]:
        return tuple(Named(**entry) for entry in document[kind] if entry["file"] == file)

    return [
        Part(**{**entry, **{kind: named(kind, entry["file"]) for kind in ("survived", "equivalent")}})
        for entry in document["files"]
    ]


def _figures(parts: list[Part]) -> str:
    mutants, killed = sum(part.mutants for part in parts), sum(part.killed for part in parts)
    survived, equivalent = (sum(len(getattr(part, kind)) for part in parts) for kind in ("survived", "equivalent"))
    return (
        f"{mutants} mutants, {killed} killed, {survived} survived, {equivalent} equivalent: "
        f"{rate_of(parts):.1%} killed of those that differ, {killed / max(mutants, 1):.1%} of all"
    )


def _named(mutant: Mutant, reasons: dict[Key, str]) -> Named:
    why = reasons.get(mutant.key, "")
    return Named(mutant.file, mutant.line, mutant.operator, mutant.before, mutant.after, why)
