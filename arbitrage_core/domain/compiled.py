"""Compiled functions: how a plain Python function becomes engine code, and how one is swapped for another.

`@compiled` marks a function of the hot path: Numba compiles it with array bounds checked, IEEE arithmetic (no fast
math) and NumPy's division (x / 0 is inf or NaN, so guards must refuse NaN). With `NUMBA_DISABLE_JIT=1` it stays Python.

`rebind` rebuilds a function with others it calls, directly or through others, replaced: that is how a strategy is bound
into the engine, how the engine is run interpreted beside its compiled self, and how a deliberate defect is planted.
"""

import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from types import FunctionType
from typing import Any

from numba import config, njit

from arbitrage_core.domain.compile_units import Part, Whole

OPTIONS = {"error_model": "numpy", "boundscheck": True}
INNER = {**OPTIONS, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""Functions called from compiled code only need no door to Python; leaving it out halves what is compiled."""

JOINT = "react"
"""A function kept on disk by itself, so that a second fold over it is compiled in a fraction of the time."""

Compiled = Callable[..., Any]


def compiled(function: FunctionType) -> Compiled:
    """Compiles `function` when first called; the Python original stays reachable by `python_of`."""
    return _marked(function) if config.DISABLE_JIT else njit(**OPTIONS)(function)


def inlined(function: FunctionType) -> Compiled:
    """As `compiled`, and always inlined: for the few functions every row passes through."""
    return _marked(function) if config.DISABLE_JIT else njit(**OPTIONS, forceinline=True)(function)


def apart(function: FunctionType) -> Compiled:
    """As `compiled`, and never inlined: for what few rows come to, so that its bulk does not crowd their loop."""
    function.__apart__ = True
    return compiled(function)


def _marked(function: FunctionType) -> Compiled:
    function.__compiled__ = True
    return function


def python_of(function: Compiled) -> FunctionType | None:
    """The Python original of a compiled function, or None if it is not one."""
    original = getattr(function, "py_func", None)
    if original is not None:
        return original
    return function if getattr(function, "__compiled__", False) else None


def rebind(
    function: Compiled,
    replacements: Mapping[str, Compiled],
    *,
    name: str,
    interpreted: bool = False,
    cache: bool = False,
) -> Compiled:
    """`function` with every function called `replacements`' keys exchanged, all the way down.

    `name` distinguishes the result from other bindings (it becomes part of the name under which it is cached on disk).
    `interpreted` leaves plain Python functions, all the way down. Raises KeyError when a replacement is never reached:
    a binding that changes nothing is a mistake.
    """
    builder = _Builder(replacements, name, interpreted or bool(config.DISABLE_JIT), cache)
    result = builder.python(function)
    missing = set(replacements) - builder.reached
    if missing:
        raise KeyError(f"{function.__name__} calls no function named {', '.join(sorted(missing))}")
    if builder.interpreted:
        return result
    return njit(**OPTIONS, nogil=True, cache=cache, pipeline_class=Whole)(result)


class _Builder:
    """Copies the graph of compiled functions below one, giving each copy globals of its own."""

    def __init__(self, replacements: Mapping[str, Compiled], name: str, interpreted: bool, cache: bool) -> None:
        self.replacements, self.name, self.interpreted, self.cache = replacements, name, interpreted, cache
        self.reached: set[str] = set()
        self.done: dict[int, Compiled] = {}

    def python(self, function: Compiled) -> FunctionType:
        """The Python copy of `function`, calling copies."""
        original = python_of(function)
        copy_globals = {**original.__globals__, **self._copied_callees(original)}
        copy = FunctionType(
            original.__code__, copy_globals, original.__name__, original.__defaults__, original.__closure__
        )
        copy.__qualname__ = f"{original.__qualname__}_{self.name}"
        copy.__module__, copy.__doc__ = original.__module__, original.__doc__
        copy.__dict__.update(original.__dict__)
        return copy

    def _copied_callees(self, original: FunctionType) -> dict[str, Compiled]:
        copies = {}
        for called in original.__code__.co_names:
            target = original.__globals__.get(called)
            if called in self.replacements:
                self.reached.add(called)
                target = self.replacements[called]
            if target is not None and python_of(target) is not None:
                copies[called] = self._callee(target)
        return copies

    def _callee(self, function: Compiled) -> Compiled:
        """A copy of a callee whose own callees are copies; plain Python when interpreted."""
        known = self.done.get(id(function))
        if known is not None:
            return known
        if python_of(function) is None:
            raise TypeError(f"{function!r} is not a compiled function")
        result: Compiled = self.python(function)
        if not self.interpreted:
            forceinline = bool(function.targetoptions.get("forceinline"))
            if self.cache and result.__name__ == JOINT:
                result = njit(**INNER, cache=True, pipeline_class=Whole)(result)
            else:
                result = njit(**INNER, forceinline=forceinline, pipeline_class=Part)(result)
        self.done[id(function)] = result
        return result


@lru_cache(maxsize=1)
def without_blas() -> None:
    """Lets Numba load what it needs without linear algebra; call before the first function is compiled or loaded.

    Numba asks for SciPy's BLAS when it loads its NumPy functions, a third of a second on every start, for products of
    matrices which no compiled function here forms.
    """
    from numba.np import linalg

    asked, linalg.ensure_blas = linalg.ensure_blas, _no_blas
    try:
        import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = asked


def _no_blas() -> None:
    raise ImportError("compiled functions here use no linear algebra")


def use_cache_folder(folder: str) -> None:
    """Tells Numba where compiled engines are kept; call before anything is compiled."""
    os.environ["NUMBA_CACHE_DIR"] = folder
    config.CACHE_DIR = folder
