"""Where recordings are: made ones in a temporary folder, real ones beside the checkout."""

import os
from pathlib import Path

import pytest

from arbitrage_core.feeds import quote_file


@pytest.fixture
def real_data() -> Path:
    """The folder of real recordings: ARB_TEST_DATA, or shared/data beside the checkout."""
    folder = Path(os.environ.get("ARB_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real recordings in {folder}; set ARB_TEST_DATA to where they are")
    return folder


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a test writes its recording."""
    return tmp_path / "quotes.parquet"


@pytest.fixture(params=(3, 131_072), ids=("many batches", "one batch"))
def any_batch(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs a test with rows decoded a few at a time, and all at once."""
    monkeypatch.setattr(quote_file, "BATCH_ROWS", request.param)
