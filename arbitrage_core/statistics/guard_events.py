"""The guard events: how often each guard of a session tripped, and let go again."""

from collections import Counter

from arbitrage_core.domain.refusal import GuardEvent, Refusal
from arbitrage_core.engine.output import SessionLog


def trips_of(log: SessionLog) -> dict[str, int]:
    """How often each guard tripped, by its rule; `RULE REDUCED`, `RULE FLATTENED`: how often it went so far."""
    found: Counter[str] = Counter()
    for event in log.guards[log.guards["kind"] != GuardEvent.RELEASED]:
        rule, kind = Refusal(int(event["guard"])).name, GuardEvent(int(event["kind"]))
        found[rule if kind == GuardEvent.TRIPPED else f"{rule} {kind.name}"] += 1
    return dict(found)


def releases_of(log: SessionLog) -> dict[str, int]:
    """How often each guard let go, by its rule."""
    rules = log.guards["guard"][log.guards["kind"] == GuardEvent.RELEASED]
    return dict(Counter(Refusal(int(rule)).name for rule in rules))
