"""The drawing: an SVG written element by element.

It stands on a card of its own colour, so it reads the same on a white page and on a dark one: a picture in a page is
not told which of the two it lies on. The same calls give the same bytes.
"""

import re
from dataclasses import dataclass, field
from xml.sax.saxutils import escape, quoteattr

import numpy as np

SVG_BYTES_MAX = 40_000
INK, FAINT_INK, GRID, CARD, EDGE = "#1f2630", "#5b6472", "#e3e7ec", "#fbfcfd", "#cfd6de"
BLUE, ORANGE, GREEN, YELLOW, PURPLE, SKY = "#0072b2", "#d55e00", "#009e73", "#e69f00", "#cc79a7", "#56b4e9"
"""Of Okabe and Ito, "Color Universal Design" (2008): told apart by the colour-blind too."""
FONT = "system-ui,'Segoe UI','Noto Sans',Roboto,'DejaVu Sans',sans-serif"
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # by XML 1.0


@dataclass(eq=False)
class Drawing:
    """A picture of `width` × `height` pixels; `title` is what a screen reader says of it."""

    width: int
    height: int
    title: str
    parts: list[str] = field(default_factory=list)

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: int = 12,
        anchor: str = "start",
        colour: str = INK,
        bold: bool = False,
        turned: bool = False,
    ) -> None:
        """Words from (x, y), their baseline; `turned`: read upwards."""
        weight = ' font-weight="600"' if bold else ""
        turn = f' transform="rotate(-90 {_px(x)} {_px(y)})"' if turned else ""
        place = f'x="{_px(x)}" y="{_px(y)}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"{weight}{turn}'
        self.parts.append(f"<text {place}>{escape(_legal(words))}</text>")

    def line(self, x1: float, y1: float, x2: float, y2: float, colour: str, *, wide: float = 1, dash: str = "") -> None:
        """A straight line."""
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        ends = f'x1="{_px(x1)}" y1="{_px(y1)}" x2="{_px(x2)}" y2="{_px(y2)}"'
        self.parts.append(f'<line {ends} stroke="{colour}" stroke-width="{wide}"{dashes}/>')

    def box(self, x: float, y: float, width: float, height: float, colour: str, *, opacity: float = 1) -> None:
        """A filled rectangle."""
        size = f'x="{_px(x)}" y="{_px(y)}" width="{_px(width)}" height="{_px(height)}"'
        self.parts.append(f'<rect {size} fill="{colour}" fill-opacity="{opacity}"/>')

    def dot(self, x: float, y: float, radius: float, colour: str, *, hollow: bool = False) -> None:
        """A disc, or a ring."""
        look = f'fill="none" stroke="{colour}" stroke-width="1.6"' if hollow else f'fill="{colour}"'
        self.parts.append(f'<circle cx="{_px(x)}" cy="{_px(y)}" r="{radius}" {look}/>')

    def cross(self, x: float, y: float, radius: float, colour: str) -> None:
        """A ✕."""
        self.line(x - radius, y - radius, x + radius, y + radius, colour, wide=2)
        self.line(x - radius, y + radius, x + radius, y - radius, colour, wide=2)

    def curve(
        self,
        x: np.ndarray,
        y: np.ndarray,
        colour: str,
        *,
        down_to: float | None = None,
        wide: float = 1.3,
        dash: str = "",
    ) -> None:
        """A line through float64[n] points; `down_to`: the area between it and that height is shaded."""
        if not len(x):
            return
        path = _path(x, y, "l")
        if down_to is not None:
            area = f"{path}V{_px(down_to)}H{_px(float(x[0]))}Z"
            self.parts.append(f'<path d="{area}" fill="{colour}" fill-opacity=".18"/>')
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        look = f'fill="none" stroke="{colour}" stroke-width="{wide}" stroke-linejoin="round"{dashes}'
        self.parts.append(f'<path d="{path}" {look}/>')

    def steps(self, x: np.ndarray, y: np.ndarray, colour: str, *, down_to: float | None = None) -> None:
        """Level lines at float64[n] heights from each of float64[n + 1] places to the next; `down_to`: the area between
        them and that height instead."""
        path = _stairs(x, y)
        if down_to is None:
            self.parts.append(f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.3"/>')
        else:
            area = f"{path}V{_px(down_to)}H{_px(float(x[0]))}Z"
            self.parts.append(f'<path d="{area}" fill="{colour}" fill-opacity=".3"/>')

    def dots(self, x: np.ndarray, y: np.ndarray, colour: str, *, radius: float = 2) -> None:
        """Many small discs at float64[n] points, half transparent; written as one path, which is ten times shorter."""
        if not len(x):
            return
        look = f'stroke="{colour}" stroke-width="{2 * radius}" stroke-linecap="round" stroke-opacity=".55"'
        self.parts.append(f'<path d="{_path(x, y, "m", "h0")}" fill="none" {look}/>')

    def svg(self) -> str:
        """The whole picture as text."""
        size = f'width="{self.width}" height="{self.height}" viewBox="0 0 {self.width} {self.height}"'
        name = f'role="img" aria-label={quoteattr(_legal(self.title))} font-family="{FONT}"'
        head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} {name}>'
        place = f'x=".5" y=".5" width="{self.width - 1}" height="{self.height - 1}" rx="8"'
        card = f'<rect {place} fill="{CARD}" stroke="{EDGE}"/>'
        return "\n".join([head, card, *self.parts, "</svg>", ""])


def fitting(words: str, most: int) -> str:
    """Words of at most so many characters; what is cut ends in "…"."""
    return words if len(words) <= most else f"{words[: most - 1].rstrip()}…"


def _px(value: float) -> str:
    text = f"{value:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")


def _path(x: np.ndarray, y: np.ndarray, step: str, mark: str = "") -> str:
    """Through points rounded to tenths, each relative to the one before: whole numbers, so nothing drifts."""
    tenths = np.rint(np.column_stack((x, y)) * 10).astype(np.int64)
    moves = np.diff(tenths, axis=0).tolist()
    first = f"M{_px(tenths[0, 0] / 10)} {_px(tenths[0, 1] / 10)}{mark}"
    return first + "".join(f"{step}{_px(right / 10)} {_px(down / 10)}{mark}" for right, down in moves)


def _stairs(x: np.ndarray, y: np.ndarray) -> str:
    """Across and up by turns, in whole tenths like `_path`; equal heights make one step."""
    turns = np.flatnonzero(np.diff(np.rint(y * 10), prepend=np.nan) != 0)
    across = np.rint(np.append(x[turns], x[-1]) * 10).astype(np.int64)
    up = np.rint(y[turns] * 10).astype(np.int64)
    rise = [f"v{_px(one / 10)}" for one in np.diff(up).tolist()]
    run = [f"h{_px(one / 10)}" for one in np.diff(across).tolist()]
    steps = "".join(part for pair in zip(run, [*rise, ""], strict=True) for part in pair)
    return f"M{_px(across[0] / 10)} {_px(up[0] / 10)}{steps}"


def _legal(words: str) -> str:
    return _FORBIDDEN.sub("�", words)
