"""The evidence of a preset: what the study that chose it had to say, kept with the preset and hashed into it.

study, trial, trials, failed    which set of which study, of how many tried, and how many stopped themselves
objectives, sampler, seed       what was best, and how sets were chosen
in_sample, out_of_sample        the figures of the set on the rows it was chosen by, and on those it was not
walk_forward                    how choosing would have gone at each split
deflated_sharpe, overfit_probability   with the number of trials counted in; None when they cannot be told
rows, data_digest, code_digest, config_digest, state_hash   what it was tried on, with, and what a backtest leaves
settings                        what the study set by hand for all its sets: not part of the preset
plateau                         how its neighbours did, where the study says it
"""

from collections.abc import Sequence
from typing import Any

from arbitrage_core.tuning.outcome import StudyOutcome
from arbitrage_core.tuning.study import StudyOrder, code_digest


def evidence_of(outcome: StudyOutcome, order: StudyOrder, settings: Sequence[str] = ()) -> dict[str, Any]:
    """The evidence of a study's best set, as plain JSON. The study has one."""
    document = outcome.document()
    best = document["best"][0]
    kept = ("study", "trials", "failed", "objectives", "walk_forward", "deflated_sharpe", "overfit_probability")
    plateau = best.get("plateau", document.get("plateau"))
    return {
        **{name: document[name] for name in kept},
        **{name: best[name] for name in ("trial", "in_sample", "out_of_sample", "state_hash")},
        "sampler": order.definition.sampler,
        "seed": order.definition.seed,
        "rows": order.rows,
        "data_digest": order.data_digest,
        "code_digest": code_digest(),
        "config_digest": order.plan(best["params"]).digest,
        "settings": list(settings),
        **({} if plateau is None else {"plateau": plateau}),
    }
