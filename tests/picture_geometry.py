"""Where text stands in a picture, and what it may not touch: text, borders, lines, the edge."""

import itertools
import re
from typing import NamedTuple
from xml.etree import ElementTree

_SVG = "{http://www.w3.org/2000/svg}"


class Box(NamedTuple):
    """A text with its place, or a line from corner to corner."""

    name: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether the two overlap, by more than a rounding."""
        return (
            min(self.right, other.right) - max(self.left, other.left) > -0.01
            and min(self.bottom, other.bottom) - max(self.top, other.top) > -0.01
        )


def size(svg: str) -> Box:
    """The picture's own edges."""
    root = ElementTree.fromstring(svg)
    return Box("the picture", 0, 0, float(root.get("width", 0)), float(root.get("height", 0)))


def strokes(svg: str) -> list[Box]:
    """Every stroke: sides of boxes and accounts, lines, arrowheads and crosses."""
    root = ElementTree.fromstring(svg)
    found = []
    for rect in root.iter(f"{_SVG}rect"):
        if rect.get("stroke"):
            x, y, wide, tall = (float(rect.get(key, 0)) for key in ("x", "y", "width", "height"))
            found += _sides([(x, y), (x + wide, y), (x + wide, y + tall), (x, y + tall)])
    for polygon in root.iter(f"{_SVG}polygon"):
        corners = [one.split(",") for one in polygon.get("points", "").split()]
        found += _sides([(float(x), float(y)) for x, y in corners])
    for path in root.iter(f"{_SVG}path"):
        found.append(_path(path.get("d", "")))
    return found


def _sides(corners: list[tuple[float, float]]) -> list[Box]:
    return [
        Box("a border", min(a, c), min(b, d), max(a, c), max(b, d))
        for (a, b), (c, d) in itertools.pairwise([*corners, corners[0]])
    ]


def _path(drawn: str) -> Box:
    """A line is straight up or across; arrowheads and crosses are known by their corner box."""
    commands = re.findall(r"([MHVlmvz])([-\d. ]*)", drawn)
    x = y = 0.0
    xs, ys = [], []
    for command, rest in commands:
        numbers = [float(one) for one in rest.split()]
        match command:
            case "M":
                x, y = numbers
            case "H":
                (x,) = numbers
            case "V":
                (y,) = numbers
            case "l" | "m":
                numbers = [float(one) for one in re.findall(r"-?[\d.]+", rest)]
                x, y = x + numbers[0], y + numbers[1]
            case "v":
                y += numbers[0]
        xs.append(x)
        ys.append(y)
    return Box(f"the line {drawn}", min(xs), min(ys), max(xs), max(ys))


def measured(svg: str) -> list[Box]:
    """Every text with the room that the package reserves for it; no browser is asked."""
    from runbook_lib.pictures import writing

    found = []
    for text in ElementTree.fromstring(svg).iter(f"{_SVG}text"):
        words, x, y = text.text or "", float(text.get("x", 0)), float(text.get("y", 0))
        wide = writing.width(words, bold=text.get("font-weight") is not None)
        left = x - wide / 2 if text.get("text-anchor") == "middle" else x
        top = y - writing.LINE + 5
        found.append(Box(words, left, top + 0.5, left + wide, top + writing.LINE - 0.5))
    return found


def collisions(svg: str, texts: list[Box]) -> list[str]:
    """Every text that touches another, or a stroke, or is cut by the picture's edge."""
    whole, lines = size(svg), strokes(svg)
    wrong = [
        f"{a.name!r} touches {b.name!r}" for a, b in itertools.combinations(texts, 2) if a.meets(b)
    ]
    wrong += [
        f"{text.name!r} meets {stroke.name}"
        for text in texts
        for stroke in lines
        if text.meets(stroke)
    ]
    inside = Box("", whole.left + 2, whole.top + 2, whole.right - 2, whole.bottom - 2)
    return wrong + [
        f"{text.name!r} is cut"
        for text in texts
        if text.left < inside.left
        or text.right > inside.right
        or text.top < inside.top
        or text.bottom > inside.bottom
    ]
