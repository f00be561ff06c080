"""The draws: seeded numbers for resampling, the same on every machine and for ever.

Number i of a seed is the finalizer of SplitMix64 over seed + (i + 1) golden steps (Steele, Lea, Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014): no state, so that a figure follows from its data and its seed alone.
"""

import numpy as np

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S32 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)


def chances_and_places(seed: int, first: int, shape: tuple[int, ...], places: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws number `first`, `first` + 1, … of a seed (0 … 2⁶³ − 1), each read as two numbers of 32 bits.

    Gives chances, float64[shape] in (0, 1), and places, int64[shape] in 0 … `places` − 1, `places` below 2³¹.
    """
    numbers = np.arange(first + 1, first + 1 + int(np.prod(shape)), dtype=np.uint64)
    numbers *= _GOLDEN
    numbers += _finished(np.array([seed], np.uint64) + _GOLDEN)  # far apart for seeds that are neighbours
    drawn = _finished(numbers)
    chances = ((drawn & _LOW) + 0.5) * 2.0**-32
    drawn >>= _S32
    drawn *= np.uint64(places)
    drawn >>= _S32
    return chances.reshape(shape), drawn.view(np.int64).reshape(shape)


def _finished(z: np.ndarray) -> np.ndarray:
    """The finalizer, in place."""
    z ^= z >> _S30
    z *= _FIRST
    z ^= z >> _S27
    z *= _SECOND
    z ^= z >> _S31
    return z
