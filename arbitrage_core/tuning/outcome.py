"""The outcome of a study: its best sets, in sample and out of sample side by side, and what so many trials give alone.

The best are chosen in sample; what they brought out of sample decides nothing here. `walk_forward` says how choosing
would have gone at each split: the best until then, and what it brought next. The number of trials is counted in, by the
deflated Sharpe ratio, and the overfitting by how often the best in one half of the periods is below the middle in the
other.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from arbitrage_core.statistics.deflated_sharpe import deflated_sharpe
from arbitrage_core.statistics.overfitting import GROUPS, Overfitting, overfitting
from arbitrage_core.storage.record.studies import TrialResult
from arbitrage_core.tuning.course import BASELINE
from arbitrage_core.tuning.figures import upward
from arbitrage_core.tuning.importance import importance_of
from arbitrage_core.tuning.objections import objections_to
from arbitrage_core.tuning.plateau import Plateau
from arbitrage_core.tuning.pruning import BEST, is_pruned
from arbitrage_core.tuning.search import Definition
from arbitrage_core.tuning.splits import PERIODS_A_PIECE


@dataclass(frozen=True)
class StudyOutcome:
    """What a study came to, as `arb tune --json` prints it.

    best          `trial, params, in_sample, out_of_sample` (figures each), by objective; with several objectives those
                  that no other beats in all, by the first. With scenarios these figures are worst cases, `scenarios`
                  has those of each and of the rows as they are (`BASELINE`), and `worst` names the worst one
    pruned        so many sets were given up; they are trials all the same, and in the statistics
    walk_forward  `trial, in_sample, out_of_sample` of each split: the first objective
    deflated_sharpe, overfit_probability  None when they cannot be told
    loss_probability  how often what is best in one half of the periods loses in the other; None when it cannot be told
    importance    of each parameter, its share in what the best sets have in common; empty of too few, and with pruning
    plateau       what the neighbours of the best set say of it; None without a best, or without neighbours
    """

    study: str
    study_id: int
    trials: int
    failed: int
    objectives: tuple[str, ...]
    best: list[dict[str, Any]]
    walk_forward: list[dict[str, Any]]
    deflated_sharpe: float | None
    overfit_probability: float | None
    param_rows_per_s: int
    evaluated_s: float
    elapsed_s: float
    loss_probability: float | None = None
    importance: dict[str, float] = field(default_factory=dict)
    pruned: int = 0
    plateau: Plateau | None = None

    @property
    def objections(self) -> tuple[str, ...]:
        """What speaks against the best set, in words; none: it holds up."""
        return objections_to(self.best, self.deflated_sharpe, self.loss_probability, self.plateau)

    def document(self) -> dict[str, Any]:
        """As plain JSON."""
        return asdict(self) | {"objections": list(self.objections)}


def outcome_of(
    name: str,
    study_id: int,
    definition: Definition,
    results: Sequence[TrialResult],
    *,
    param_rows: int,
    evaluated_s: float,
    elapsed_s: float,
) -> StudyOutcome:
    """What these results, all of a study's, come to; `param_rows` were evaluated now, in so many seconds."""
    judged = [one for one in results if one.figures is not None]
    halves = _halves(judged)
    return StudyOutcome(
        study=name,
        study_id=study_id,
        trials=len(results),
        failed=len(results) - len(judged),
        pruned=len(judged) - len(_whole(judged)),
        objectives=definition.objectives,
        best=[_shown(one) for one in best_of(judged, definition.objectives)[:BEST]],
        walk_forward=_walk_forward(judged, definition),
        deflated_sharpe=_deflated(judged, definition),
        overfit_probability=halves.probability if halves is not None else None,
        loss_probability=halves.loss_probability if halves is not None else None,
        importance=_importance(judged, definition),
        param_rows_per_s=round(param_rows / evaluated_s) if evaluated_s > 0 else 0,
        evaluated_s=round(evaluated_s, 3),
        elapsed_s=round(elapsed_s, 3),
    )


def best_of(judged: Sequence[TrialResult], objectives: Sequence[str]) -> list[TrialResult]:
    """The best in sample first, at equal figures the earlier trial. With several objectives only those no other set
    equals or beats in all of them and beats in one."""
    judged = _whole(judged)
    if not judged:
        return []
    values = np.array([[upward(one.figures["in_sample"], name) for name in objectives] for one in judged])
    kept = range(len(judged))
    if len(objectives) > 1:
        kept = [at for at in kept if not np.any((values >= values[at]).all(axis=1) & (values > values[at]).any(axis=1))]
    return [judged[at] for at in sorted(kept, key=lambda at: (*-values[at], judged[at].trial))]


def _whole(judged: Sequence[TrialResult]) -> list[TrialResult]:
    """Those that were not given up."""
    return [one for one in judged if not is_pruned(one.figures or {})]


def _shown(one: TrialResult) -> dict[str, Any]:
    figures, parts = one.figures or {}, ("in_sample", "out_of_sample")
    shown = {"trial": one.trial, "params": one.params, **{part: figures[part] for part in parts}}
    if "scenarios" in figures:
        shown["worst"] = figures["worst"]
        shown["scenarios"] = {
            name: {part: found[part] for part in parts} for name, found in figures["scenarios"].items()
        }
    return {**shown, "state_hash": one.state_hash}


def _as_they_are(one: TrialResult) -> dict[str, Any]:
    """The figures on the rows as they are, whatever scenarios there were besides."""
    return one.figures.get("scenarios", {}).get(BASELINE, one.figures)


def _importance(judged: Sequence[TrialResult], definition: Definition) -> dict[str, float]:
    """Empty where sets were given up: the best tenth of all is more than the best that are sure then."""
    if len(_whole(judged)) < len(judged):
        return {}
    values = [upward(one.figures["in_sample"], definition.objectives[0]) for one in judged]
    return importance_of(definition.space, [one.params for one in judged], values)


def _deflated(judged: Sequence[TrialResult], definition: Definition) -> float | None:
    """Of the best set: of its profits by period in sample, with all sets that were judged counted in.

    Sharpe ratios of sets without any skill would differ by chance alone, with a variance of 1 / (periods − 1). That is
    what is put in, not how much those of the sets tried differ: these differ by skill, too, and a search that takes in
    some settings that plainly lose would so call every winner luck. Sets that resemble each other differ by less, so
    it errs towards luck.

    With scenarios, too, it is of the rows as they are: what luck gives is asked of the market that was drawn, and
    scenarios are not drawn. Chosen by the worst case, the best is less of a best there, which errs towards luck again.
    Sets that were given up are counted in: they did run on the rows as they are.
    """
    if len(judged) < 2:
        return None
    inside = definition.walk_forward.periods - PERIODS_A_PIECE
    best = best_of(judged, definition.objectives)[0]
    profits = np.array(best.figures["period_pnl_quote"][:inside])
    deviation = profits.std()
    if not deviation > 0.0:
        return None
    standard = (profits - profits.mean()) / deviation
    return deflated_sharpe(
        float(_as_they_are(best)["in_sample"]["sharpe"]),
        observations=len(profits),
        trials=len(judged),
        trials_variance=1.0 / (len(profits) - 1),
        skewness=float((standard**3).mean()),
        kurtosis=float((standard**4).mean()),
    )


def _halves(judged: Sequence[TrialResult]) -> Overfitting | None:
    """Over all periods of all sets, of the rows as they are; None where there are too few of either."""
    if len(judged) < 2:
        return None
    results = np.array([one.figures["period_pnl_quote"] for one in judged]).T
    groups = min(GROUPS, len(results) // 4 * 2)
    return overfitting(results, groups)


def _walk_forward(judged: Sequence[TrialResult], definition: Definition) -> list[dict[str, Any]]:
    objective, chosen, judged = definition.objectives[0], [], _whole(judged)
    for split in range(definition.walk_forward.count if judged else 0):
        best = max(judged, key=lambda one: (upward(one.figures["splits"][split][0], objective), -one.trial))
        inside, outside = best.figures["splits"][split]
        figures = {"in_sample": inside[objective], "out_of_sample": outside[objective]}
        chosen.append({"split": split, "trial": best.trial, **figures})
    return chosen
