"""The probability of overfitting: as a plain reading of the paper finds it, and where the answer is known."""

from itertools import combinations
from math import log

import numpy as np
import pytest

from arbitrage_core.statistics.overfitting import overfitting


def results(seed: int, periods: int = 120, trials: int = 8) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((periods, trials))


def plain_logits(table: np.ndarray, groups: int) -> list[float]:
    """CSCV step by step: join the groups chosen, take the best, rank it on the others."""
    cut = np.split(table, groups)
    found = []
    for inside in combinations(range(groups), groups // 2):
        chosen = np.concatenate([cut[group] for group in inside])
        rest = np.concatenate([cut[group] for group in range(groups) if group not in inside])
        best = int(np.argmax(chosen.mean(axis=0) / chosen.std(axis=0)))
        judged = rest.mean(axis=0) / rest.std(axis=0)
        rank = (sorted(judged).index(judged[best]) + 1) / (table.shape[1] + 1)
        found.append(log(rank / (1 - rank)))
    return found


@pytest.mark.parametrize("groups", [2, 6, 10])
def test_it_is_the_plain_reading_of_the_paper(groups: int):
    table = results(groups)
    logits = plain_logits(table, groups)
    found = overfitting(table, groups)
    assert found.logits.tolist() == pytest.approx(logits)
    assert found.probability == sum(logit <= 0 for logit in logits) / len(logits)
    assert len(logits) == {2: 2, 6: 20, 10: 252}[groups]


def test_of_noise_about_half_is_overfitted():
    assert np.mean([overfitting(results(seed)).probability for seed in range(40)]) == pytest.approx(0.5, abs=0.12)


def test_a_trial_that_is_really_better_is_found_again():
    table = results(1)
    table[:, 3] += 1.0
    found = overfitting(table)
    assert (found.probability, found.loss_probability) == (0.0, 0.0)


def test_a_trial_that_shines_in_one_half_only_is_caught():
    table = 0.01 * results(2, 40, 2)
    table[:20, 0] += 1.0
    table[20:, 0] -= 1.0
    table[:20, 1] -= 1.0
    table[20:, 1] += 1.0
    found = overfitting(table, 2)
    assert (found.probability, found.loss_probability) == (1.0, 1.0)


def test_trials_that_are_all_alike_were_not_chosen_from():
    column = results(3)[:, :1]
    found = overfitting(np.repeat(column, 5, axis=1))
    assert np.allclose(found.logits, 0.0)


@pytest.mark.parametrize("scale", [1e-6, 1e6])
def test_scaling_changes_nothing(scale: float):
    assert np.allclose(overfitting(results(4) * scale).logits, overfitting(results(4)).logits)


def test_results_without_spread_rank_lowest_among_gains():
    table = np.abs(results(5))
    table[:, 0] = 0.0
    assert overfitting(table).probability < 1.0


def test_the_first_periods_that_fill_no_group_are_left_out():
    table = results(6, 125)
    assert np.array_equal(overfitting(table).logits, overfitting(table[5:]).logits)


@pytest.mark.parametrize(
    "table, groups, words",
    [
        (results(1), 5, "even"),
        (results(1), 18, "even"),
        (results(1, trials=1), 10, "two trials"),
        (results(1)[:, 0], 10, "two trials"),
        (results(1, 19), 10, "19 periods"),
        (np.full((40, 2), np.nan), 10, "NaN"),
    ],
)
def test_what_cannot_be_split_is_refused(table: np.ndarray, groups: int, words: str):
    with pytest.raises(ValueError, match=words):
        overfitting(table, groups)
