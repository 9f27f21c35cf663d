# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draw the pictures of the documentation from their texts: docs/images/NAME.txt gives docs/images/NAME.svg.

A text has one statement a line; " | " breaks a line within the picture, # begins a comment:

    title: what the picture is              describe: the same for who cannot see it
    who NAME: heading of a life line        NAME -> OTHER: something that one gives the other
    NAME: something that one does or is     NAME!: the same, where it matters most

The same text always gives the same bytes.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

IMAGES = Path(__file__).resolve().parents[2] / "docs/images"

WIDTH = 440
EDGE = 105
LINE = 19
# Its own ground, so that it is readable on any page; the colours follow the reader's choice of dark or light.
STYLE = """
  svg { --ground: #ffffff; --ink: #1f2933; --quiet: #5b6775; --box: #eef2f7; --line: #b8c2cd; --main: #0b5cad; }
  @media (prefers-color-scheme: dark) {
    svg { --ground: #161b22; --ink: #e6edf3; --quiet: #a3afbc; --box: #262d37; --line: #515c69; --main: #79b8ff; }
  }
  text { font: 15px system-ui, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", sans-serif; fill: var(--ink); }
  .ground { fill: var(--ground); stroke: var(--line); }
  .head { font-weight: 600; }
  .box { fill: var(--box); stroke: var(--line); }
  .main { stroke: var(--main); stroke-width: 2; }
  .life { stroke: var(--line); stroke-dasharray: 4 5; }
  .arrow { stroke: var(--main); stroke-width: 2; }
  .tip { fill: var(--main); }
"""


@dataclass
class Picture:
    """The picture's body as it grows downwards."""

    places: dict[str, int] = field(default_factory=dict)
    parts: list[str] = field(default_factory=list)
    y: int = 24

    def text(self, x: int, lines: list[str], class_name: str = "") -> None:
        extra = f' class="{class_name}"' if class_name else ""
        for number, line in enumerate(lines):
            y = self.y + 15 + number * LINE
            self.parts.append(f'<text x="{x}" y="{y}" text-anchor="middle"{extra}>{escape(line)}</text>')

    def box(self, name: str, lines: list[str], class_name: str, high: int = 0, half: int = 94) -> None:
        """A box on a life line, as high as its lines need, or as so many."""
        high = max(high, len(lines))
        x, height = self.places[name], high * LINE + 14
        box = f'x="{x - half}" y="{self.y}" width="{2 * half}" height="{height}" rx="6"'
        self.parts.append(f'<rect {box} class="{class_name}"/>')
        above = 7 + (high - len(lines)) * LINE // 2
        self.y += above
        self.text(x, lines, "head" if class_name == "box head" else "")
        self.y += height - above + 16

    def arrow(self, giver: str, taker: str, lines: list[str]) -> None:
        """An arrow from one life line to the other, with its text above it."""
        start, end = self.places[giver], self.places[taker]
        back = 8 if end > start else -8
        widest = max(_width(line) for line in lines)
        ground = f'x="{WIDTH // 2 - widest // 2}" y="{self.y - 2}" width="{widest}" height="{len(lines) * LINE + 2}"'
        self.parts.append(f'<rect {ground} style="fill: var(--ground)"/>')
        self.text(WIDTH // 2, lines)
        self.y += len(lines) * LINE + 8
        self.parts.append(f'<line x1="{start}" y1="{self.y}" x2="{end - back}" y2="{self.y}" class="arrow"/>')
        tip = f"{end},{self.y} {end - back},{self.y - 5} {end - back},{self.y + 5}"
        self.parts.append(f'<polygon points="{tip}" class="tip"/>')
        self.y += 20


def _width(line: str) -> int:
    """About how wide a line is, in pixels: wide characters count double."""
    return sum(15 if ord(character) > 0x2E80 else 8 for character in line) + 8


def draw(source: str) -> str:
    """The picture that a text describes, as SVG."""
    said = {"title": "", "describe": ""}
    names: dict[str, list[str]] = {}
    steps: list[tuple[str, list[str]]] = []
    for line in source.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        left, _colon, right = line.partition(": ")
        if left in said:
            said[left] = right
        elif left.startswith("who "):
            names[left[4:]] = right.split(" | ")
        else:
            steps.append((left, right.split(" | ")))

    places = [EDGE, WIDTH - EDGE] if len(names) == 2 else [WIDTH // 2]
    picture = Picture(dict(zip(names, places, strict=True)))
    top, high = picture.y, max(len(heading) for heading in names.values())
    for name, heading in names.items():
        picture.y = top
        picture.box(name, heading, "box head", high)
    lives = len(picture.parts)
    begin = picture.y - 16
    for left, lines in steps:
        arrow = re.fullmatch(r"(\w+) -> (\w+)", left)
        if arrow:
            picture.arrow(arrow[1], arrow[2], lines)
        else:
            picture.box(left.rstrip("!"), lines, "box main" if left.endswith("!") else "box")
    height = picture.y + 8
    lines_of_life = [f'<line x1="{x}" y1="{begin}" x2="{x}" y2="{height - 24}" class="life"/>' for x in places]
    picture.parts[lives:lives] = lines_of_life
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
            f'height="{height}" role="img" aria-labelledby="title description">',
            f'<title id="title">{escape(said["title"])}</title>',
            f'<desc id="description">{escape(said["describe"])}</desc>',
            f"<style>{STYLE}</style>",
            f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8" class="ground"/>',
            *picture.parts,
            "</svg>",
            "",
        ]
    )


def drawn() -> dict[Path, str]:
    """What every picture should be, by its path."""
    return {path.with_suffix(".svg"): draw(path.read_text(encoding="utf-8")) for path in sorted(IMAGES.glob("*.txt"))}


def main() -> int:
    for path, picture in drawn().items():
        path.write_text(picture, encoding="utf-8")
        print(path.relative_to(IMAGES.parents[1]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
