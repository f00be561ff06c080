"""What is wrong with a picture: what lies outside it, what is too large, words that do not fit."""

import re
import xml.etree.ElementTree as ET

from flows.report.drawing import SVG_BYTES_MAX

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = r"-?\d+(?:\.\d+)?"
EM_SHARE = 0.56
"""Width of a letter of the fonts these are drawn with, on average, as a share of its size; bold ones a tenth more."""


def points_of(path: str) -> list[tuple[float, float]]:
    """Every point a path visits, its moves added up."""
    x = y = 0.0
    points = []
    for command, rest in re.findall(rf"([MmlhvVHZ])((?: ?{NUMBER})*)", path):
        numbers = [float(one) for one in re.findall(NUMBER, rest)]
        if command == "M":
            x, y = numbers
        elif command in "ml":
            x, y = x + numbers[0], y + numbers[1]
        elif command == "V":
            y = numbers[0]
        elif command == "v":
            y += numbers[0]
        elif command == "H":
            x = numbers[0]
        elif command == "h":
            x += numbers[0]
        points.append((x, y))
    return points


def faults_of(svg: str) -> list[str]:
    """What is wrong with a picture: not well-formed (raises), too large, or anything outside its view box."""
    root = ET.fromstring(svg)
    _, _, width, height = (float(one) for one in root.attrib["viewBox"].split())
    faults = [f"{len(svg.encode())} bytes"] if len(svg.encode()) >= SVG_BYTES_MAX else []
    for element in root.iter():
        across = [float(element.attrib[name]) for name in ("x", "x1", "x2", "cx") if name in element.attrib]
        up = [float(element.attrib[name]) for name in ("y", "y1", "y2", "cy") if name in element.attrib]
        if "width" in element.attrib and element.tag != f"{SVG}svg":
            sizes = [float(element.attrib["width"]), float(element.attrib["height"])]
            faults += [f"{element.attrib}: negative size"] * (min(sizes) < 0)
            across.append(across[0] + sizes[0])
            up.append(up[0] + sizes[1])
        for x, y in points_of(element.attrib.get("d", "")):
            across.append(x)
            up.append(y)
        faults += [f"{element.tag} at x {one}" for one in across if not -0.05 <= one <= width + 0.05]
        faults += [f"{element.tag} at y {one}" for one in up if not -0.05 <= one <= height + 0.05]
    return faults


def words_outside(svg: str) -> list[str]:
    """Words that end, or begin, beyond the picture."""
    root = ET.fromstring(svg)
    width, found = float(root.attrib["width"]), []
    for text in root.iter(f"{SVG}text"):
        if "transform" in text.attrib:
            continue
        wide = (
            len(text.text or "")
            * float(text.attrib["font-size"])
            * EM_SHARE
            * (1.1 if "font-weight" in text.attrib else 1)
        )
        share = {"start": 0.0, "middle": 0.5, "end": 1.0}[text.attrib["text-anchor"]]
        left = float(text.attrib["x"]) - wide * share
        if left < 0 or left + wide > width:
            found.append(f"{text.text}: {left:.0f} to {left + wide:.0f}")
    return found
