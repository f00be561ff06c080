"""Binding: the folds with a strategy bound in, compiled once for each shape and kept on disk.

Numba's cache looks at the file of the cached function only, not at the functions it calls; so compiled engines are kept
in a folder named by a hash of every source they come from and of Numba's version.
"""

import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import numba
import numpy as np

import arbitrage_core
from arbitrage_core.domain.compiled import Compiled, python_of, rebind, use_cache_folder, without_blas
from arbitrage_core.engine.state import Shape
from arbitrage_core.services.home import home
from arbitrage_core.session import fold
from arbitrage_core.strategies.registry import strategy_functions

SOURCES = ("domain", "engine", "strategies", "venues/simulated", "session/fold.py")
Notice = Callable[[str], None]
__all__ = ["bound_fold", "home", "make_ready", "sources_digest"]


@lru_cache(maxsize=1)
def sources_digest() -> str:
    """Hash (hex, 16 characters) of all that compiled engines are made of."""
    root = Path(arbitrage_core.__file__).resolve().parent
    digest = hashlib.sha256(numba.__version__.encode())
    for name in SOURCES:
        path = root / name
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            digest.update(file.relative_to(root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:16]


@lru_cache(maxsize=16)
def bound_fold(name: str, strategy: str, shape: Shape, interpreted: bool = False) -> Compiled:
    """`fold_simulated` or `fold_recorded` with a strategy bound in, for one shape. ValueError for an unknown strategy.

    A function's name holds its shape: Numba names the code it keeps on disk by numbers it gives to record types in each
    process anew, so two shapes compiled by two processes could bear the same name, and a third that loads both would
    run the one for the other.
    """
    functions = strategy_functions(strategy)
    if not interpreted:
        use_cache_folder(str(home() / "compiled" / sources_digest()))
    return rebind(getattr(fold, name), functions, name=f"{strategy}_{shape}", interpreted=interpreted, cache=True)


@lru_cache(maxsize=64)
def exchanged_fold(
    fold_name: str, strategy: str, shape: Shape, replaced: tuple[tuple[str, Compiled], ...], interpreted: bool = False
) -> Compiled:
    """A fold, by its name, with a strategy bound in and these functions exchanged besides, by name: a planted defect.

    Kept on disk under a name that holds a hash of the functions' own code.
    """
    digest = hashlib.sha256()
    for name, function in replaced:
        digest.update(name.encode() + _code_of(function))
    functions = {**strategy_functions(strategy), **dict(replaced)}
    name = f"{strategy}_{shape}_{'_'.join(name for name, _ in replaced)}_{digest.hexdigest()[:8]}"
    return rebind(getattr(fold, fold_name), functions, name=name, interpreted=interpreted, cache=True)


def _code_of(function: Compiled) -> bytes:
    original = python_of(function)
    if original is None:
        return repr(function).encode()
    code = original.__code__
    return code.co_code + repr((code.co_consts, code.co_names)).encode()


def make_ready(compiled_fold: Compiled, arguments: tuple[np.ndarray, ...], notice: Notice | None) -> Compiled:
    """The fold compiled for arguments of these types, or loaded from disk; says so beforehand if it will take a while.

    What is returned takes arguments of just these types: working them out anew at each call costs 40 µs.
    """
    if not hasattr(compiled_fold, "compile"):
        return compiled_fold
    signature = tuple(numba.typeof(argument) for argument in arguments)
    if signature in compiled_fold.overloads:
        return compiled_fold.get_overload(signature)
    names = hashlib.sha256(repr([argument.dtype for argument in arguments]).encode()).hexdigest()[:16]
    marker = home() / "compiled" / sources_digest() / f"{compiled_fold.py_func.__qualname__}-{names}.ready"
    if notice is not None and not marker.exists():
        notice("compiling the engine for this shape; once, about half a minute on an idle machine")
    without_blas()
    compiled_fold.compile(signature)
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    return compiled_fold.get_overload(signature)
