"""The form of the flow `session`: a preset in it, over the market's settings and below the form's own."""

from pathlib import Path

import pytest
from prefect.logging import disable_run_logger

from arbitrage_core.services.home import checkout_id
from arbitrage_core.session import binding
from arbitrage_core.storage.record.database import Record
from arbitrage_core.storage.record.presets import add_preset
from arbitrage_core.storage.record.reader import session_row
from flows.campaign_run import Ground
from flows.session import SessionForm, Setting, session
from tests.services.servers import postgres_url, redis_url

__all__ = ["postgres_url", "redis_url"]


def test_a_session_runs_with_the_preset_its_form_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres_url: str, redis_url: str
):
    compiled = binding.home() / "compiled"
    compiled.mkdir(parents=True, exist_ok=True)
    (tmp_path / "compiled").symlink_to(compiled, target_is_directory=True)
    monkeypatch.setenv("ARB_HOME", str(tmp_path))
    here = Ground(tmp_path, checkout_id(), postgres_url, redis_url, workers=1)
    monkeypatch.setattr("flows.session.ground", lambda notice: here)
    monkeypatch.setattr("flows.session._show", lambda document, currency: None)  # artifacts need Prefect's server
    params = {"entry_spread_bps": 31.25, "hold_max_ms": 9_000.0}
    with Record.open(postgres_url) as record, disable_run_logger():
        with record.begin() as connection:
            preset = add_preset(connection, "formed", "taker_taker", params, None, "for the form")
        by_hand = [Setting(name="entry_spread_bps", value="45")]
        for form, entry in (
            (SessionForm(preset="formed"), 31.25),
            (SessionForm(preset="formed@1", settings=by_hand), 45),
        ):
            name = session.fn(form.model_copy(update={"rows": 4_000}))["session"]
            row = session_row(record, name)
            assert (row.config.params.entry_spread_bps, row.config.params.hold_max_ms) == (entry, 9_000.0)
            assert row.document["preset"] == preset.cited
        failed = session.fn(SessionForm(rows=4_000, preset="unformed"))
        assert "no preset 'unformed'" in failed.message
