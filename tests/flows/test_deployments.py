"""The deployments: all of them stand in prefect.yaml, and here is what they are."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployments.deploy import _flow
from flows.stages.registry import CAMPAIGNS, STAGES, CampaignName, StageName, campaign_of, stage_of

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))
DEPLOYMENTS: dict[str, dict[str, Any]] = {one["name"]: one for one in SETTINGS["deployments"]}


def test_these_are_the_deployments() -> None:
    assert {name: one["entrypoint"] for name, one in DEPLOYMENTS.items()} == {
        "accept": "flows/accept.py:accept",
        "accept-all": "flows/accept.py:accept_all",
        "audit": "flows/audit_run.py:audit",
        "campaign": "flows/campaign.py:campaign",
        "session": "flows/session.py:session",
        "tuning": "flows/tuning.py:tuning",
    }


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_each_is_a_flow_of_that_name_whose_parameters_make_a_form(name: str) -> None:
    from prefect import Flow

    file, _, function = DEPLOYMENTS[name]["entrypoint"].partition(":")
    flow = getattr(importlib.import_module(file.removesuffix(".py").replace("/", ".")), function)
    assert isinstance(flow, Flow)
    assert flow.name == name == _flow(DEPLOYMENTS[name])
    schema = flow.parameters.model_dump()
    assert set(DEPLOYMENTS[name].get("parameters", {})) <= set(schema["properties"])
    assert schema.get("required", []) == [], "whoever presses Run need not fill in anything"


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_each_goes_to_this_checkouts_worker_without_a_schedule(name: str) -> None:
    assert DEPLOYMENTS[name]["work_pool"]["name"] == "arb"
    assert not {"schedule", "schedules"} & set(DEPLOYMENTS[name])


def test_two_runs_of_a_stage_or_campaign_do_not_meet() -> None:
    alone = ("accept", "accept-all", "audit", "campaign")
    assert [DEPLOYMENTS[name]["concurrency_limit"] for name in alone] == [1, 1, 1, 1]


def test_the_choices_of_the_forms_are_the_stages_and_campaigns_there_are() -> None:
    assert [name.value for name in StageName] == list(STAGES)
    assert [name.value for name in CampaignName] == list(CAMPAIGNS)
    assert all(stage_of(name).name == name for name in STAGES)
    assert all(campaign_of(name)[1].name == name for name in CAMPAIGNS)
