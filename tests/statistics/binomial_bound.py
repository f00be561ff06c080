"""The bound: how often something may really happen that was seen k times in n tries.

Clopper & Pearson, "The Use of Confidence or Fiducial Limits Illustrated in the Case of the Binomial", Biometrika 26
(1934): the probability at which so few, or fewer, would be seen with the chance that is left.
"""

from math import exp, lgamma, log, log1p


def upper_bound(seen: int, tries: int, confidence: float = 0.95) -> float:
    """The one-sided upper bound of the probability, in [0, 1]."""
    if seen >= tries:
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (middle, high) if _at_most(seen, tries, middle) > 1.0 - confidence else (low, middle)
    return high


def lower_bound(seen: int, tries: int, confidence: float = 0.95) -> float:
    """The one-sided lower bound of the probability, in [0, 1]."""
    return 1.0 - upper_bound(tries - seen, tries, confidence)


def _at_most(seen: int, tries: int, probability: float) -> float:
    if probability <= 0.0 or probability >= 1.0:
        return float(probability <= 0.0)
    return sum(
        exp(_log_ways(tries, count) + count * log(probability) + (tries - count) * log1p(-probability))
        for count in range(seen + 1)
    )


def _log_ways(tries: int, count: int) -> float:
    return lgamma(tries + 1) - lgamma(count + 1) - lgamma(tries - count + 1)
