"""Operators of our own, on parso's trees like cosmic-ray's: what a ledger consists of, and what those leave alone."""

from collections.abc import Iterator
from typing import Any

from cosmic_ray.operators.operator import Example, Operator
from parso.python.tree import Keyword

Span = tuple[tuple[int, int], tuple[int, int]]
INSTEAD = {"+=": ("-=", "="), "-=": ("+=", "=")}


class ReplaceAugmentedAssignment(Operator):
    """`+=` becomes `-=` or `=`; `-=` becomes `+=` or `=`."""

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        """As often as there are replacements."""
        for _ in INSTEAD.get(getattr(node, "value", ""), ()):
            yield node.start_pos, node.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """The operator replaced."""
        node.value = INSTEAD[node.value][index]
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Before, after."""
        return Example("x += y", "x -= y"), Example("x += y", "x = y", 1), Example("x -= y", "x += y")


class RemoveStatement(Operator):
    """A statement becomes `pass`: one that writes to a record, calls for an effect, or leaves a function early.

    Not one that only gives a local its value: without it nothing runs, which any test notices.
    """

    def mutation_positions(self, node: Any) -> Iterator[Span]:
        """The statement, if it is such a one."""
        if node.type == "simple_stmt" and _has_an_effect(node.children[0]):
            yield node.children[0].start_pos, node.children[0].end_pos

    def mutate(self, node: Any, index: int) -> Any:
        """`pass` in its place."""
        removed = node.children[0]
        node.children[0] = Keyword("pass", removed.start_pos, removed.get_first_leaf().prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Before, after."""
        return (
            Example("a.x = 1\n", "pass\n"),
            Example("a.x, b[0] = 1, 2\n", "pass\n"),
            Example("f(x)\n", "pass\n"),
            Example("def f():\n    return\n", "def f():\n    pass\n"),
        )


def _has_an_effect(statement: Any) -> bool:
    if statement.type == "expr_stmt":
        target = statement.children[0]
        targets = target.children[::2] if target.type == "testlist_star_expr" else [target]
        return all(each.type == "atom_expr" for each in targets)
    return statement.type == "atom_expr" or getattr(statement, "value", "") == "return"


OPERATORS: tuple[type[Operator], ...] = (ReplaceAugmentedAssignment, RemoveStatement)
