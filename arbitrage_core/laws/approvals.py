"""Law I18: a guard that errors, or sees NaN, nothing or no limit, refuses; so nothing unapproved or unpriced was sent.

In a log: every SUBMIT passed the list of its purpose (ENTRY, COMPLETE, or REDUCE for what reduces), whole lots of its
market's step, at finite prices (decided at 0 where a flagged reduction leaves a book without one); what opens carries
a finite worst-case exposure. In a state: counters of refusals are not negative, and no approval is left over.
`guard_violations` probes a guard itself.
"""

from collections.abc import Callable, Iterator

import numpy as np

from arbitrage_core.domain.order import NO_LIMIT_PX, OrderStyle, Purpose
from arbitrage_core.engine.state import Approval
from arbitrage_core.laws.case import Case
from arbitrage_core.laws.evidence import VenueTruth
from arbitrage_core.laws.slots import Slots
from arbitrage_core.laws.terms import Terms
from arbitrage_core.laws.violation import Violation, unequal, violations_where

LAW = "I18"
APPROVAL_OF = {
    Purpose.ENTRY: Approval.ENTRY,
    Purpose.COMPLETE: Approval.COMPLETE,
    Purpose.EXIT: Approval.REDUCE,
    Purpose.REVERSE: Approval.REDUCE,
}


def state_approvals(terms: Terms, state: np.record, slots: Slots, truth: VenueTruth) -> list[Violation]:
    """Between steps no approval waits to be used; nothing was refused a negative number of times."""
    left = ("approval", "approvals_left")
    found = [Violation(LAW, f"{name} between steps", 0, int(state[name])) for name in left if state[name] != 0]
    symbols = state["symbols"][: terms.symbols]
    for name in ("refusals", "missed"):
        found += violations_where(
            LAW,
            symbols[name] < 0,
            lambda s, r, name=name: f"{name}[{r}] of {terms.config.symbols[s]}",
            "not negative",
            symbols[name],
        )
    return found


def log_approvals(case: Case) -> list[Violation]:
    """Every SUBMIT of the log."""
    submits, terms = case.submits, case.terms
    table = np.array([int(APPROVAL_OF[purpose]) for purpose in sorted(Purpose)])

    def named(what: str):
        return lambda n: f"order {submits['client_id'][n]}: {what}"

    blind = ~case.opening & (submits["stale"] != 0)
    limit_px, at_market = submits["limit_px"], submits["style"] == OrderStyle.MARKET
    priced = np.where(at_market, limit_px == NO_LIMIT_PX, np.isfinite(limit_px) & (limit_px > 0))
    decision_px, exposure = submits["decision_px"], submits["worst_exposure_quote"]
    step = terms.step_lots[submits["symbol"], submits["venue"]]
    lots = submits["lots"]
    return [
        *unequal(LAW, named("approval, by its purpose"), table[submits["purpose"]], submits["approval"]),
        *violations_where(LAW, ~priced, named("limit price"), "above 0 and finite; none at market", limit_px),
        *violations_where(
            LAW,
            ~(np.isfinite(decision_px) & ((decision_px > 0) | (blind & (decision_px == 0)))),
            named("decision price"),
            "finite",
            decision_px,
        ),
        *violations_where(LAW, (lots <= 0) | (lots % step != 0), named("lots, in steps of"), step, lots),
        *violations_where(
            LAW, case.opening & ~(np.isfinite(exposure) & (exposure > 0)), named("worst exposure"), "finite", exposure
        ),
    ]


def guard_violations(name: str, refuse: Callable[..., int], *arguments: object) -> list[Violation]:
    """Probes a guard: `refuse(*arguments)` gives 0 (allowed) for these, and must refuse, not raise, for any of them
    spoilt.

    Every float among the arguments, also inside records and arrays, is made NaN in turn; one that the guard does not
    read makes no difference and is reported too, so hand over only what it reads. A guard that refuses the arguments as
    they are proves nothing, and is reported.
    """
    if refuse(*arguments) != 0:
        return [Violation(LAW, f"{name}: sound arguments", "allowed", "refused")]
    found = []
    for spoilt, label in _spoilt(arguments):
        try:
            refused = refuse(*spoilt)
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            found.append(Violation(LAW, f"{name}: {label} is NaN", "refused", f"raised {type(error).__name__}"))
            continue
        if refused == 0:
            found.append(Violation(LAW, f"{name}: {label} is NaN", "refused", "allowed"))
    return found


def _spoilt(arguments: tuple[object, ...]) -> Iterator[tuple[tuple[object, ...], str]]:
    """The arguments with one float after the other NaN, and which one it is."""
    for index, argument in enumerate(arguments):
        for label, replaced in _spoilt_one(argument):
            yield (*arguments[:index], replaced, *arguments[index + 1 :]), f"argument {index}{label}"


def _spoilt_one(argument: object) -> Iterator[tuple[str, object]]:
    if isinstance(argument, float | np.floating):
        yield "", float("nan")
    elif isinstance(argument, np.ndarray | np.void):
        for label, names, place in _floats(np.asarray(argument), "", ()):
            replaced = np.array(argument)
            target = replaced
            for name in names:
                target = target[name]
            target[place] = np.nan
            yield label, replaced if isinstance(argument, np.ndarray) else replaced[()]


def _floats(
    values: np.ndarray, label: str, names: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...], tuple[int, ...]]]:
    """Every float in an array or record: in words, the fields that lead to it, and its index there."""
    if values.dtype.names:
        for name in values.dtype.names:
            yield from _floats(values[name], f"{label}.{name}", (*names, name))
    elif values.dtype.kind == "f":
        for place in np.ndindex(values.shape):
            yield label + "".join(f"[{index}]" for index in place), names, place
