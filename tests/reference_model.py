"""The reference model's door: `run(config, rows, session_key) -> ReferenceResult`. See `tests/reference`."""

from tests.reference.result import ReferenceResult
from tests.reference.session import run

__all__ = ["ReferenceResult", "run"]
