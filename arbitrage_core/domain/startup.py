"""What a process of this program sets before it imports the rest."""

import gc

YOUNG_OBJECTS, ROUNDS = 50_000, (20, 50)


def collect_seldom() -> None:
    """Lets Python look for garbage cycles less often.

    Imports and the loading of compiled code make hundreds of thousands of lasting objects; with the usual threshold
    the collector walks them again and again, a tenth of the time a start takes.
    """
    gc.set_threshold(YOUNG_OBJECTS, *ROUNDS)
