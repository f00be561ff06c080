"""Prefect, ready for a command: its server found or started, and its client told where, before it is imported.

Importing Prefect reads its settings once, so they have to stand in the environment before.
"""

import os
from concurrent.futures import ThreadPoolExecutor

from arbitrage_core.services.home import home
from arbitrage_core.services.stores import ensure_prefect, ensure_stores
from arbitrage_core.session.binding import Notice

QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    "GX_ANALYTICS_ENABLED": "false",
}


def prefect_ready(notice: Notice) -> str:
    """The stores and Prefect's server are up; gives the address of its API. Raises ServiceFailed."""
    with ThreadPoolExecutor(2) as at_once:
        stores, api = at_once.submit(ensure_stores, notice), at_once.submit(ensure_prefect, notice)
        stores.result()
        url = api.result()
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("PREFECT_HOME", str(home() / "services" / "prefect" / "client"))
    os.environ["PREFECT_API_URL"] = url
    return url


def ui_of(api_url: str) -> str:
    """The page of a Prefect server, for people."""
    return api_url.removesuffix("/api")
