"""The digests: one byte of the sources, a file's name, or one setting of a stage makes another one."""

from pathlib import Path

from flows.digests import code_digest, config_digest, sources_digest_of
from tests.flows.outcomes import CAMPAIGN, STAGE


def test_the_sources_digest_follows_names_and_bytes_and_nothing_else(tmp_path: Path) -> None:
    for package in ("arbitrage_core", "checks", "flows", "docs"):
        (tmp_path / package).mkdir()
    source = tmp_path / "flows" / "a.py"
    source.write_text("x = 1\n", encoding="utf-8")
    first = sources_digest_of(tmp_path)
    (tmp_path / "docs" / "b.py").write_text("", encoding="utf-8")
    (tmp_path / "flows" / "c.txt").write_text("", encoding="utf-8")
    assert sources_digest_of(tmp_path) == first
    source.write_text("x = 2\n", encoding="utf-8")
    second = sources_digest_of(tmp_path)
    source.rename(tmp_path / "flows" / "b.py")
    assert len({first, second, sources_digest_of(tmp_path)}) == 3
    assert len(code_digest()) == 64


def test_the_configuration_digest_follows_the_stages_data_and_its_sessions_settings() -> None:
    def with_campaign(**changed: object) -> str:
        campaign = CAMPAIGN.model_copy(update=changed)
        return config_digest(STAGE.model_copy(update={"campaigns": (campaign,)}))

    others = (with_campaign(rows=1_001), with_campaign(seeds=(1, 2)), with_campaign(settings=("taker_fee_bps=5",)))
    assert len({config_digest(STAGE), *others}) == 4
    assert with_campaign() == config_digest(STAGE)
