"""Rebinding: a function rebuilt with others exchanged, however deep, and the original left as it was."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from arbitrage_core.domain.compiled import apart, compiled, inlined, python_of, rebind

ROOT = Path(__file__).resolve().parents[2]


@compiled
def innermost(x):
    """What the others end in."""
    return x + 1


@inlined
def middle(x):
    """Calls the innermost, and is inlined."""
    return 10 * innermost(x)


@compiled
def outer(x):
    """Calls both."""
    return middle(x) + innermost(x)


@compiled
def doubled(x):
    """Put in the innermost one's place."""
    return 2 * x


@compiled
def passing_on(x):
    """Put in the middle one's place, and calls on."""
    return innermost(x) - 100


@compiled
def uses_one(x):
    """Calls the innermost, or not."""
    return innermost(x) if x > 100 else x


@compiled
def uses_both(x):
    """Calls the innermost beside one that does."""
    return innermost(x) + uses_one(x)


@compiled
def joined(x):
    """Calls all three: the innermost is reached by three ways."""
    return uses_one(x) + uses_both(x) + innermost(x)


@pytest.mark.parametrize("interpreted", [True, False], ids=["interpreted", "compiled"])
class TestRebind:
    """The same, interpreted and compiled."""

    def test_a_deep_function_is_exchanged_wherever_it_is_called(self, interpreted: bool) -> None:
        assert rebind(outer, {"innermost": doubled}, name="deep", interpreted=interpreted)(3) == 10 * 6 + 6

    def test_functions_below_a_replacement_are_exchanged_too(self, interpreted: bool) -> None:
        both = {"middle": passing_on, "innermost": doubled}
        assert rebind(outer, both, name="both", interpreted=interpreted)(3) == 6 - 100 + 6

    def test_a_replacement_calls_what_it_called(self, interpreted: bool) -> None:
        assert rebind(outer, {"middle": passing_on}, name="shallow", interpreted=interpreted)(3) == 4 - 100 + 4

    def test_the_original_is_left_as_it_was(self, interpreted: bool) -> None:
        rebind(outer, {"innermost": doubled}, name="other", interpreted=interpreted)(3)
        assert outer(3) == 10 * 4 + 4
        assert python_of(outer)(3) == 10 * 4 + 4
        assert python_of(outer).__globals__["innermost"] is innermost

    def test_a_replacement_that_is_never_reached_is_a_mistake(self, interpreted: bool) -> None:
        with pytest.raises(KeyError, match="outer calls no function named nowhere"):
            rebind(outer, {"innermost": doubled, "nowhere": doubled}, name="lost", interpreted=interpreted)


def test_interpreted_is_plain_python_all_the_way_down() -> None:
    plain = rebind(outer, {}, name="plain", interpreted=True)
    assert python_of(plain) is None
    assert python_of(plain.__globals__["middle"]) is None
    assert python_of(plain.__globals__["middle"].__globals__["innermost"]) is None


def test_each_binding_has_a_name_of_its_own() -> None:
    bound = rebind(outer, {"innermost": doubled}, name="one", interpreted=True)
    assert bound.__qualname__ == "outer_one"
    assert bound.__doc__ == python_of(outer).__doc__


def test_an_attribute_of_a_replaced_name_is_no_call_of_it() -> None:
    """Only names looked up in the function's module are exchanged."""

    def reads(thing):
        return thing.innermost

    bound = rebind(compiled(reads), {"innermost": doubled}, name="attribute", interpreted=True)
    assert bound(SimpleNamespace(innermost=5)) == 5


@pytest.mark.parametrize("thing", [len, 5, None, test_each_binding_has_a_name_of_its_own])
def test_what_is_not_compiled_has_no_original(thing: object) -> None:
    assert python_of(thing) is None


def test_a_whole_is_kept_on_disk_and_loaded_again_without_its_parts(tmp_path) -> None:
    """In processes of their own: the second finds the first one's code, compiles nothing and gives the same."""
    program = (
        "import sys; from arbitrage_core.domain.compiled import rebind, use_cache_folder;"
        "use_cache_folder(sys.argv[1]); from tests.engine.test_compiled import outer, doubled;"
        "bound = rebind(outer, {'innermost': doubled}, name='kept', cache=True);"
        "print(bound(3), sum(bound.stats.cache_hits.values()), sum(bound.stats.cache_misses.values()))"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, cwd=ROOT
        ).stdout.split()
        for _ in range(2)
    ]
    assert said == [["66", "0", "1"], ["66", "1", "0"]]


def test_a_function_called_by_two_others_is_linked_though_the_first_does_not_need_it() -> None:
    """LLVM takes from a library only what was asked for before; the parts' order must not matter."""
    assert rebind(joined, {"innermost": doubled}, name="diamond")(3) == 3 + (6 + 3) + 6


def test_a_part_cannot_be_called_from_python() -> None:
    bound = rebind(outer, {"innermost": doubled}, name="parted")
    bound(3)
    part = bound.py_func.__globals__["middle"]
    with pytest.raises((KeyError, TypeError)):
        part(3)


TWO_SHAPES = """
import sys
import numpy as np
from arbitrage_core.domain.compiled import compiled, rebind, use_cache_folder
from arbitrage_core.domain.record import record
from tests.engine.test_compiled import last_of

use_cache_folder(sys.argv[1])
for size in map(int, sys.argv[2].split(",")):
    dtype = record(head="i8", values=("i8", (size,)))
    rows = np.zeros(1, dtype)
    rows["values"][0] = np.arange(1, size + 1)
    print(rebind(last_of, {}, name=f"l{size}", cache=True)(rows))
"""


@apart
def last_value(row):
    """The last of a record's values: how many there are is part of its type."""
    return row.values[len(row.values) - 1]


@compiled
def last_of(rows):
    """Calls it, so that it is a part."""
    return last_value(rows[0])


def test_two_shapes_compiled_by_two_processes_are_told_apart_by_a_third(tmp_path) -> None:
    """Numba numbers record types in each process anew, and names code by those numbers."""

    def told(sizes: str) -> list[str]:
        command = [sys.executable, "-c", TWO_SHAPES, str(tmp_path), sizes]
        return subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.split()

    assert (told("2"), told("7")) == (["2"], ["7"])
    assert told("2,7") == ["2", "7"]
    assert told("7,2") == ["7", "2"]


def test_a_start_does_not_load_linear_algebra():
    """It took a third of a second of every start; without the call that leaves it out, Numba asks SciPy for it."""
    program = (
        "import sys; from numba import njit; from arbitrage_core.domain.compiled import without_blas\n"
        "if sys.argv[1] == 'without': without_blas()\n"
        "njit(lambda x: x + 1)(1); print('scipy.linalg' in sys.modules)"
    )
    said = [
        subprocess.run(
            [sys.executable, "-c", program, how], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
        ).stdout.strip()
        for how in ("with", "without")
    ]
    assert said == ["True", "False"]
