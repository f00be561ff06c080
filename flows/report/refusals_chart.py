"""The chart of the refusals: of each rule, in the order of precedence, the looks it refused and what that missed."""

import math
from collections.abc import Sequence

from flows.report.axis import Axis
from flows.report.drawing import BLUE, EDGE, FAINT_INK, GRID, INK, ORANGE, Drawing, fitting
from flows.report.quantity import number
from flows.report.rules_met import RuleMet

WIDTH, TOP, ROW = 860, 78, 22
NAMES = 278
"""Where names end."""
PANELS = ((290, 505, BLUE, "looks refused"), (605, 765, ORANGE, "opportunities missed"))
"""(left, right, colour, what): each has a scale of its own, and room for a number behind its longest bar."""
NAME_CHARACTERS_MAX = 44


def refusals_chart(stage: str, rules: Sequence[RuleMet]) -> str:
    """The SVG. The scales are logarithmic, for one rule may refuse a thousand times as often as another.

    A bar begins at 1, so the shortest is a count of 1 and none at all is none; each count stands behind its bar.
    """
    bottom = TOP + max(len(rules), 2) * ROW
    drawing = Drawing(WIDTH, bottom + 40, f"Refusals of {stage} by reason")
    drawing.text(20, 28, f"{stage}: refusals by reason, all sessions", size=15, bold=True)
    drawing.text(20, 46, "in order of precedence: the first rule broken is the one counted", colour=FAINT_INK)
    for place, rule in enumerate(rules):
        drawing.text(NAMES, TOP + place * ROW + 15, fitting(rule.words, NAME_CHARACTERS_MAX), size=11, anchor="end")
    for (left, right, colour, what), counts in zip(
        PANELS, ([rule.refused for rule in rules], [rule.missed for rule in rules]), strict=True
    ):
        drawing.text(left, TOP - 10, what, bold=True)
        _draw_counts(drawing, (left, right, bottom), colour, counts)
    return drawing.svg()


def _draw_counts(drawing: Drawing, box: tuple[int, int, int], colour: str, counts: list[int]) -> None:
    left, right, bottom = box
    powers = max(1, math.ceil(math.log10(max(counts, default=1) or 1) - 1e-9))
    x = Axis.exact(0.0, float(powers), left + 4, right)
    for power in range(powers + 1):
        place = float(x.at(power))
        drawing.line(place, TOP, place, bottom, GRID)
        if power % (1 + powers // 6) == 0:
            drawing.text(place, bottom + 15, _power(power), size=11, anchor="middle", colour=FAINT_INK)
    drawing.line(left, bottom, right, bottom, EDGE)
    if not any(counts):
        drawing.text((left + right) / 2, (TOP + bottom) / 2, "none", anchor="middle", colour=INK)
        return
    for place, count in enumerate(counts):
        top, end = TOP + place * ROW + 5, left
        if count > 0:
            end = float(x.at(math.log10(count)))
            drawing.box(left, top, end - left, ROW - 10, colour, opacity=0.85)
        drawing.text(end + (5 if count else 9), top + 10, number(count), size=11, colour=FAINT_INK)


def _power(power: int) -> str:
    return f"{10 ** (power % 3)}{('', 'k', 'M')[power // 3]}" if power < 9 else f"1e{power}"
