"""The ground of a flow: its stores, found or started, wherever the flow runs: a terminal or a worker's process."""

from arbitrage_core.services.home import checkout_id, home
from arbitrage_core.services.stores import ensure_stores
from arbitrage_core.session.binding import Notice
from flows.campaign_run import Ground


def ground(notice: Notice) -> Ground:
    """Home and stores of this checkout. Raises ServiceFailed, naming the store that cannot be had."""
    stores = ensure_stores(notice)
    return Ground(home(), checkout_id(), stores.postgres_url, stores.redis_url)
