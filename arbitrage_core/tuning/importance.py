"""The importance of parameters: what share of being among the best is owed to each.

PED-ANOVA, as Optuna has it: Watanabe, Bansal & Hutter, "PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in
Arbitrary Subspaces", IJCAI 2023. It compares where the best tenth of the sets lies with where all of them lie.

Where it is wrong: sets of an adaptive sampler lie where it looked, so what it settled early seems to matter less.
"""

import logging
from collections.abc import Mapping, Sequence

import optuna
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

from arbitrage_core.tuning.search import distribution_of
from arbitrage_core.tuning.space import Params, Range

SETS_LEAST = 20
"""Of fewer the best tenth is one set or two."""


def importance_of(space: Mapping[str, Range], sets: Sequence[Params], values: Sequence[float]) -> dict[str, float]:
    """Share of each parameter, the largest first, together 1; `values`: more is better. Empty of too few sets, and of
    sets that all brought the same."""
    if len(sets) < SETS_LEAST or len(set(values)) < 2:
        return {}
    distributions = {name: distribution_of(one) for name, one in space.items()}
    optuna.logging.set_verbosity(logging.WARNING)
    study = optuna.create_study(direction="maximize")
    study.add_trials(
        [
            optuna.create_trial(params=params, distributions=distributions, value=value)
            for params, value in zip(sets, values, strict=True)
        ]
    )
    found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
    return {name: float(share) for name, share in found.items()}
