"""Prefect's server as this checkout runs it: Prefect's own application and services, behind the door, watched.

`arbitrage_core.services.prefect` starts it (`… deployments.prefect_server start PORT`) with its settings in the
environment, which other accounts cannot read. It imports nothing of this project but the modules beside it, because
as root it runs as a user who may reach a copy of these only.
"""

import os
import sys

from deployments.door import Door
from deployments.loops import Loops
from deployments.patience import Patience

HOST = "127.0.0.1"
KEEP_ALIVE_S = 5


def main() -> None:
    """Serves until told to end."""
    password = os.environ.get("PREFECT_SERVER_API_AUTH_STRING", "")
    if not password:
        sys.exit("error: no password in PREFECT_SERVER_API_AUTH_STRING; start it with: arb up")
    import uvicorn
    from prefect import __version__
    from prefect.server.api.server import create_app

    port, loops = int(sys.argv[-1]), Loops()
    loops.watch()
    application = Patience(create_app(final=True))
    door = Door(
        application,
        port=port,
        password=password,
        well=lambda: {"prefect": __version__, "loops": loops.watched(), "trouble": loops.trouble()},
    )
    configured = uvicorn.Config(
        door,
        host=HOST,
        port=port,
        workers=1,
        timeout_keep_alive=KEEP_ALIVE_S,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        env_file=None,
    )
    uvicorn.Server(configured).run()


if __name__ == "__main__":
    main()
