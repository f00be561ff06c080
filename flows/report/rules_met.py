"""The rules met: which rule refused how many looks, made how many opportunities be missed, and tripped how often."""

from collections.abc import Iterable
from dataclasses import dataclass

from arbitrage_core.domain.refusal import Refusal
from flows.outcome import SeedOutcome
from flows.report.markdown import plain, table
from flows.report.quantity import number
from flows.report.tables import FAILED
from flows.stages.stage import Stage

NEVER = f"{FAILED} never"


@dataclass(frozen=True)
class RuleMet:
    """A rule over all sessions of a stage; `must_…`: the stage requires it to, REDUCED and FLATTENED after a trip."""

    name: str
    refused: int
    missed: int
    tripped: int
    must_refuse: bool
    must_trip: bool
    reduced: int = 0
    flattened: int = 0
    must_reduce: bool = False
    must_flatten: bool = False

    @property
    def words(self) -> str:
        """KILL_SWITCH_MUST_BE_OFF → "kill switch must be off"."""
        return self.name.lower().replace("_", " ")


def rules_met(stage: Stage, sessions: Iterable[SeedOutcome]) -> list[RuleMet]:
    """Every rule that was met, and every one that had to be, in the order of precedence; unknown names come last."""
    found = list(sessions)
    counted = {kind: _total([getattr(one, kind) for one in found]) for kind in ("refusals", "missed", "trips")}
    names = {name for counts in counted.values() for name, count in counts.items() if count}
    names |= {*stage.required_refusals, *stage.required_trips}
    names = {name.partition(" ")[0] for name in names}  # `RULE REDUCED` is the rule's own
    return [
        RuleMet(
            name,
            *(counted[kind].get(name, 0) for kind in ("refusals", "missed", "trips")),
            must_refuse=name in stage.required_refusals,
            must_trip=name in stage.required_trips,
            reduced=counted["trips"].get(f"{name} REDUCED", 0),
            flattened=counted["trips"].get(f"{name} FLATTENED", 0),
            must_reduce=f"{name} REDUCED" in stage.required_trips,
            must_flatten=f"{name} FLATTENED" in stage.required_trips,
        )
        for name in sorted(names, key=_precedence)
    ]


def rules_table(rules: list[RuleMet]) -> str:
    """A row a rule. "never" stands where the stage requires what did not happen."""
    rows = [
        [
            plain(rule.words),
            _count(rule.refused, rule.must_refuse),
            number(rule.missed),
            _count(rule.tripped, rule.must_trip),
            _count(rule.reduced, rule.must_reduce),
            _count(rule.flattened, rule.must_flatten),
        ]
        for rule in rules
    ]
    heads = ["rule", "looks refused", "opportunities missed", "guard trips", "reduced", "flattened"]
    return table(heads, rows, right=tuple(range(1, len(heads))))


def _count(count: int, required: bool) -> str:
    return NEVER if required and count <= 0 else number(count)


def _total(counts: list[dict[str, int]]) -> dict[str, int]:
    return {name: sum(one.get(name, 0) for one in counts) for name in {name for one in counts for name in one}}


def _precedence(name: str) -> tuple[int, str]:
    return (Refusal[name].value if name in Refusal.__members__ else max(Refusal) + 1, name)
