"""The quotes at which no venue dealt, counted: books that cannot have been (venues/simulated/plausible.py)."""

import numpy as np

from arbitrage_core.domain.session import SessionConfig


def withheld_quotes(config: SessionConfig, account: np.record) -> list[dict[str, object]]:
    """By market that had any: venue, symbol, and how many of its quotes were `crossed` or `implausible`.

    account  the simulated venues' record (`account_dtype`)
    """
    return [
        {"venue": venue.name, "symbol": symbol, "crossed": crossed, "implausible": implausible}
        for s, symbol in enumerate(config.symbols)
        for v, venue in enumerate(config.venues)
        for crossed, implausible in [
            (int(account.symbols[s].crossed_quotes[v]), int(account.symbols[s].implausible_quotes[v]))
        ]
        if crossed or implausible
    ]
