"""The flow `campaign`: one campaign of a stage by itself, its seeds against its bands. No verdict on the stage."""

from typing import Any

from prefect import flow, get_run_logger, runtime
from prefect.artifacts import create_table_artifact

from arbitrage_core.storage.record.database import Record
from flows.acceptance import campaign_checks
from flows.campaign_run import end_campaign, run_campaigns
from flows.grounds import ground
from flows.progress import Progress
from flows.report.tables import campaign_table, rows_of
from flows.stages.registry import CampaignName, campaign_of


@flow(name="campaign", flow_run_name="campaign {name}", description="One campaign: every seed against its bands.")
def campaign(name: CampaignName = CampaignName.C1) -> dict[str, Any]:
    """Runs every seed of a campaign and its paper session; gives outcome and checks.

    Args:
        name: which campaign; each seed must lie in its bands
    """
    line = get_run_logger().info
    stage, chosen = campaign_of(name)
    here = ground(line)
    progress = Progress(len(chosen.seeds), f"{chosen.name}: seeds", line)
    (outcome,) = run_campaigns(
        (chosen,),
        here,
        stage=None,
        flow_run_id=str(runtime.flow_run.id or "") or None,
        told=progress.told,
        notice=line,
    )
    checks = campaign_checks(chosen, outcome)
    passed = all(check.passed for check in checks if check.critical)
    with Record.open(here.postgres_url) as record, record.begin() as connection:
        end_campaign(outcome, passed, None, connection)
    failed = [check.name for check in checks if check.critical and not check.passed]
    said = "passed" if passed else f"failed: {'; '.join(failed)}"
    line(f"campaign {chosen.name} {said}")
    key = f"campaign-{chosen.name.lower()}"
    create_table_artifact(rows_of(checks), key=f"{key}-checks", description=said)
    create_table_artifact(campaign_table(outcome), key=key, description=said)
    return {
        "campaign": chosen.name,
        "stage": stage.name,
        "passed": passed,
        "checks": [check.model_dump(mode="json") for check in checks],
        "outcome": outcome.model_dump(mode="json"),
    }
