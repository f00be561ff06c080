"""Settings of every test: hypothesis without a deadline, because a first call may compile for seconds."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.engine.bench import quiet

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")


@pytest.fixture
def silent_arithmetic() -> Iterator[None]:
    """For tests of the interpreted engine: it wraps and divides by zero as silently as compiled code does."""
    with quiet():
        yield
