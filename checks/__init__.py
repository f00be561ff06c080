"""Great Expectations suites behind one gate: `gate` for what sessions recorded, `gate_rows` for what they read."""

from checks.gate import gate, prepare
from checks.input_rows import gate_rows
from checks.result import CheckResult, GateResult

__all__ = ["CheckResult", "GateResult", "gate", "gate_rows", "prepare"]
