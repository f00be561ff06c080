"""The mutant: a source file with one place changed, and how all of a file's mutants are made.

The changes are those of cosmic-ray's operators, and two of our own for what those leave alone: a ledger is made of
augmented assignments and of lines that write a record.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

ARITHMETIC = ("Add", "Sub", "Mul", "Div")
BINARY = {(before, after) for before in (*ARITHMETIC, "FloorDiv", "Mod", "LShift") for after in ARITHMETIC}
"""(From, to). `//`, `%` and `**` would only be more of the same; bits of a float no compiler would take."""
COMPARISONS = {
    *(("Lt", "LtE"), ("Lt", "NotEq"), ("LtE", "Lt"), ("LtE", "Eq"), ("Gt", "GtE"), ("Gt", "NotEq")),
    *(("GtE", "Gt"), ("GtE", "Eq"), ("Eq", "LtE"), ("Eq", "GtE"), ("NotEq", "Lt"), ("NotEq", "Gt")),
}
"""Those hardest to notice (Kaminski, Ammann, Offutt 2013); with conditions negated they stand for the others too."""
CHOSEN = {"ReplaceBinaryOperator": BINARY, "ReplaceComparisonOperator": COMPARISONS}
UNUSED = {"RemoveDecorator", "VariableInserter", "VariableReplacer", "ExceptionReplacer"}
"""Without `@compiled` a function is none of the engine's; two want variables named by hand; nothing raises here."""


@dataclass(frozen=True)
class Mutant:
    """A file's whole text with one place changed. `before` and `after` are the changed line without its indentation."""

    file: str
    function: str
    line: int
    operator: str
    before: str
    after: str
    source: str
    place: int = 0
    """Which of the function's lines that read `before` it is, from 0."""

    @property
    def key(self) -> tuple[str, str, str, str, int]:
        """What names it when lines move: file, function, before, after, place."""
        return self.file, self.function, self.before, self.after, self.place


def mutants_of(file: str, text: str) -> list[Mutant]:
    """Every mutant of a file that is Python and differs, by line. ModuleNotFoundError without cosmic-ray."""
    from cosmic_ray.ast import ast_nodes, get_ast
    from cosmic_ray.mutating import mutate_code

    mutants: dict[str, Mutant] = {}
    functions = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)]
    for name, operator in _operators():
        positions = [place for node in ast_nodes(get_ast(text)) for place in operator.mutation_positions(node)]
        for occurrence, (start, _) in enumerate(positions):
            source = mutate_code(text, operator, occurrence)
            if _differs(source, text):
                mutants.setdefault(source, _mutant(file, text, source, name, start[0], functions))
    return sorted(mutants.values(), key=lambda mutant: (mutant.line, mutant.operator, mutant.after))


def _operators() -> Iterator[tuple[str, Any]]:
    """Operators by name."""
    from cosmic_ray.operators.provider import OperatorProvider

    from tests.mutation.operators import OPERATORS

    provider = OperatorProvider()
    for name in provider:
        kind, *change = name.split("_")
        if name not in UNUSED and (kind not in CHOSEN or tuple(change) in CHOSEN[kind]):
            yield name, provider[name]()
    for operator in OPERATORS:
        yield operator.__name__, operator()


def _differs(source: str, text: str) -> bool:
    """Whether it is Python, and another program: 1e300 + 1 is 1e300."""
    try:
        return ast.dump(ast.parse(source)) != ast.dump(ast.parse(text))
    except SyntaxError:
        return False


def _mutant(file: str, text: str, source: str, operator: str, line: int, functions: list[ast.FunctionDef]) -> Mutant:
    lines, function, first = text.splitlines(), "", 1
    for node in functions:
        if node.lineno <= line <= (node.end_lineno or node.lineno):
            function, first = node.name, node.lineno
    before, after = lines[line - 1].strip(), source.splitlines()[line - 1].strip()
    place = sum(earlier.strip() == before for earlier in lines[first - 1 : line - 1])
    return Mutant(file, function, line, operator, before, after, source, place)
