"""The result of a gate: what was checked, what was seen, and which rows are at fault, as plain data."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class CheckResult:
    """One expectation on one table.

    `name` reads `table: what must be so`. `observed` and `expected` are for reading. A `critical` one that failed
    closes the gate; one that is not only warns. `rows`: up to five rows at fault, each its key and what was seen there.
    """

    name: str
    passed: bool
    observed: str
    expected: str
    critical: bool = True
    rows: tuple[str, ...] = ()

    def __str__(self) -> str:
        word = "passed" if self.passed else "FAILED" if self.critical else "warned"
        return " | ".join((f"{word}: {self.name}: {self.observed}", *self.rows))


@dataclass(frozen=True)
class GateResult:
    """All checks of a gate. `passed` unless a critical one failed; a gate that checked nothing is not passed.

    `timings_s`: seconds by part, `total` among them.
    """

    subject: str
    results: list[CheckResult]
    timings_s: dict[str, float] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether the gate is open."""
        return bool(self.results) and not any(one.critical and not one.passed for one in self.results)

    @property
    def failures(self) -> list[CheckResult]:
        """The critical checks that failed."""
        return [one for one in self.results if one.critical and not one.passed]

    @property
    def warnings(self) -> list[CheckResult]:
        """The others that failed."""
        return [one for one in self.results if not one.critical and not one.passed]
