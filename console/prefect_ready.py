"""Prefect, ready for a command: its server found or started, and its client told where, before it is imported.

Importing Prefect reads its settings once, so they have to stand in the environment before. It reads files of the
working directory as well (`prefect.toml`, `pyproject.toml`, `.env`), which may be another project's, so it is imported
where there are none.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir

from arbitrage_core.services.home import home
from arbitrage_core.services.prefect import client_settings
from arbitrage_core.services.prefect_api import parted
from arbitrage_core.services.stores import ensure_prefect, ensure_stores
from arbitrage_core.session.binding import Notice

QUIET = {
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",  # what ends a flow is said once, by `complain`
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "GX_ANALYTICS_ENABLED": "false",
}


def prefect_ready(notice: Notice, **stated: str) -> str:
    """The stores and Prefect's server are up; gives the address of its API. `stated` adds to Prefect's settings.

    Raises ServiceFailed.
    """
    with ThreadPoolExecutor(2) as at_once:
        stores, api = at_once.submit(ensure_stores, notice), at_once.submit(ensure_prefect, notice)
        stores.result()
        url = api.result()
    folder = home() / "services" / "prefect" / "client"
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update({**client_settings(folder, url), **QUIET, **stated})
    with chdir(folder):
        from prefect.settings import get_current_settings

        get_current_settings()
    return url


def ui_of(api_url: str) -> str:
    """The page of a Prefect server, for people."""
    return parted(api_url)[0].removesuffix("/api")
