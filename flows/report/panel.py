"""The panel: a rectangle of a drawing with two axes, their grid, and a heading."""

from dataclasses import dataclass

from flows.report.axis import Axis
from flows.report.drawing import EDGE, FAINT_INK, GRID, INK, Drawing


@dataclass(frozen=True)
class Panel:
    """Where on the drawing, and what a pixel means there. Its corners are those of its axes."""

    drawing: Drawing
    x: Axis
    y: Axis

    @property
    def left(self) -> float:
        """Its left edge, in pixels; the others likewise."""
        return self.x.begin

    @property
    def right(self) -> float:
        """See left."""
        return self.x.end

    @property
    def top(self) -> float:
        """See left."""
        return self.y.end

    @property
    def bottom(self) -> float:
        """See left."""
        return self.y.begin

    def heading(self, title: str, words: str = "") -> None:
        """What it shows, and in a second line what it comes to."""
        self.drawing.text(self.left, self.top - (26 if words else 10), title, size=14, bold=True)
        if words:
            self.drawing.text(self.left, self.top - 9, words, colour=FAINT_INK)

    def grid(self, *, x_name: str = "", x_labels: bool = True, y_labels: bool = True, x_lines: bool = True) -> None:
        """Lines at the ticks with their values, and the name of the x axis below."""
        for value in self.y.ticks():
            height = float(self.y.at(value))
            self.drawing.line(self.left, height, self.right, height, GRID)
            if y_labels:
                self.drawing.text(
                    self.left - 6, height + 4, self.y.label(value), size=11, anchor="end", colour=FAINT_INK
                )
        for value in self.x.ticks():
            place = float(self.x.at(value))
            if x_lines:
                self.drawing.line(place, self.top, place, self.bottom, GRID)
            if x_labels:
                label = self.x.label(value)
                self.drawing.text(place, self.bottom + 15, label, size=11, anchor="middle", colour=FAINT_INK)
        self.drawing.line(self.left, self.bottom, self.right, self.bottom, EDGE)
        if x_name:
            middle = (self.left + self.right) / 2
            self.drawing.text(middle, self.bottom + 32, x_name, anchor="middle", colour=FAINT_INK)

    def level(self, value: float, colour: str = FAINT_INK, *, dash: str = "4 3", wide: float = 1) -> None:
        """A line across at a value of the y axis, if that is shown."""
        if self.y.holds(value):
            height = float(self.y.at(value))
            self.drawing.line(self.left, height, self.right, height, colour, dash=dash, wide=wide)

    def moment(self, value: float, colour: str = FAINT_INK, *, dash: str = "4 3") -> None:
        """A line upwards at a value of the x axis, if that is shown."""
        if self.x.holds(value):
            place = float(self.x.at(value))
            self.drawing.line(place, self.top, place, self.bottom, colour, dash=dash)

    def notice(self, words: str) -> None:
        """Words in the middle, where there is nothing to draw."""
        middle, height = (self.left + self.right) / 2, (self.top + self.bottom) / 2
        self.drawing.text(middle, height, words, anchor="middle", colour=INK)
