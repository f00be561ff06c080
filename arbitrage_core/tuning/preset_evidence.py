"""The evidence of a preset: what the study that chose it had to say, kept with the preset and hashed into it.

study, trial, trials, failed    which set of which study, of how many tried, and how many stopped themselves
objectives, sampler, seed       what was best, and how sets were chosen
in_sample, out_of_sample        the figures of the set on the rows it was chosen by, and on those it was not; of a study
                                with scenarios the worst cases, with `worst` and `scenarios` as in its outcome
walk_forward                    how choosing would have gone at each split
deflated_sharpe, overfit_probability, loss_probability
                                with the number of trials counted in; None when they cannot be told
rows, data_digest, code_digest, config_digest, state_hash   what it was tried on, with, and what a backtest leaves
settings                        what the study set by hand for all its sets: not part of the preset
plateau                         what its neighbours say of it, and how many there were; None without any
objections                      what speaks against it, in words
"""

from collections.abc import Sequence
from typing import Any

from arbitrage_core.tuning.outcome import StudyOutcome
from arbitrage_core.tuning.study import StudyOrder, code_digest

OF_STUDY = (
    *("study", "trials", "failed", "objectives", "walk_forward"),
    *("deflated_sharpe", "overfit_probability", "loss_probability", "objections"),
)
OF_SET = ("trial", "in_sample", "out_of_sample", "worst", "scenarios", "state_hash")


def evidence_of(outcome: StudyOutcome, order: StudyOrder, settings: Sequence[str] = ()) -> dict[str, Any]:
    """The evidence of a study's best set, as plain JSON. The study has one."""
    document = outcome.document()
    best = document["best"][0]
    plateau = document["plateau"]
    if plateau is not None:
        plateau = {**plateau, "neighbours": len(plateau["neighbours"])}
    return {
        **{name: document[name] for name in OF_STUDY},
        **{name: best[name] for name in OF_SET if name in best},
        "sampler": order.definition.sampler,
        "seed": order.definition.seed,
        "rows": order.rows,
        "data_digest": order.data_digest,
        "code_digest": code_digest(),
        "config_digest": order.plan(best["params"]).digest,
        "settings": list(settings),
        "plateau": plateau,
    }
