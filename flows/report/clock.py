"""The clock of a chart: the unit in which a stretch of time reads best."""

CLOCKS = ((86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


def clock_of(span_s: float) -> tuple[float, str]:
    """(seconds in one, its name): the largest unit that the span holds twice."""
    return next((one for one in CLOCKS if span_s >= 2 * one[0]), CLOCKS[-1])
