"""Walk-forward splits: parameters are chosen on one stretch of time and judged on the next, which they have not seen.

Purging and embargo: López de Prado, "Advances in Financial Machine Learning" (2018), chapter 7. What is decided in the
sample may end after it, and then knows the time it is judged on; so decisions of the last `purge_ns` of it are left
out. What is judged begins `embargo_ns` after the sample, since markets remember.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Split:
    """One fold: chosen on [began, ended), judged on [judged_from, judged_to); nanoseconds, ends excluded."""

    began_ns: int
    ended_ns: int
    judged_from_ns: int
    judged_to_ns: int


def walk_forward(
    began_ns: int, ended_ns: int, folds: int, *, purge_ns: int = 0, embargo_ns: int = 0, anchored: bool = False
) -> list[Split]:
    """Splits [began, ended) into so many folds, judged one after the other on equal stretches that do not overlap.

    The time is cut into folds + 1 equal stretches: fold k is judged on stretch k + 1 and chosen on the one before it,
    or on all before it when `anchored`. `purge_ns`: the longest a trade may last. Raises ValueError when purging and
    embargo leave nothing of a stretch, for negative ones and for fewer than one fold.
    """
    if folds < 1 or purge_ns < 0 or embargo_ns < 0:
        raise ValueError(f"{folds} folds, purged by {purge_ns} ns, an embargo of {embargo_ns} ns")
    cuts = [began_ns + (ended_ns - began_ns) * number // (folds + 1) for number in range(folds + 2)]
    splits = [
        Split(
            began_ns if anchored else cuts[fold],
            cuts[fold + 1] - purge_ns,
            cuts[fold + 1] + embargo_ns,
            cuts[fold + 2],
        )
        for fold in range(folds)
    ]
    for split in splits:
        if split.began_ns >= split.ended_ns or split.judged_from_ns >= split.judged_to_ns:
            raise ValueError(f"{folds} folds of {ended_ns - began_ns} ns: purging and embargo leave nothing of one")
    return splits
