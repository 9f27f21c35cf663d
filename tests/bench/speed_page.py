# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the part of docs/benchmarks.md about the cost of a task, and its plot."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib.metadata import version

import page
from contenders import CONTROLLER, CURL, NOOP, REQUESTS, SDK, TARGET, URI
from measuring import FORKS, Shape, Taken

PLOT = page.ROOT / "docs/images/benchmarks.svg"
BEGIN, END = "<!-- speed: written by tests/bench/speed.py -->", "<!-- speed: end -->"
COLUMNS = (CONTROLLER, TARGET, URI, SDK, REQUESTS, CURL)
PLOTTED = ("one task", "40 hosts", "loop of 50")

READMES = (page.ROOT / "README.md", page.ROOT / "README.zh-CN.md")
RATIO = rf"\| (?:{'|'.join(PLOTTED)}): `uri` against the controller \|[^|]*\| (.*?) \|"

# The cost of each turn, by shape and contender.
Figures = Mapping[tuple[str, str], Sequence[Taken]]


class Added:
    """Milliseconds per call that contenders add to a no-op, in wall-clock and processor time."""

    def __init__(self, figures: Figures) -> None:
        self.figures = figures

    def milliseconds(self, shape: Shape, name: str) -> tuple[float, float] | None:
        taken, noop = self.figures.get((shape.name, name)), self.figures.get((shape.name, NOOP))
        if taken is None or noop is None:
            return None
        # Contenders without Ansible have no playbook whose cost must be subtracted.
        pairs = zip(taken, noop, strict=False)
        added = Taken.middle(list(taken) if name in (REQUESTS, CURL) else [one.beyond(none) for one, none in pairs])
        each = 1000 / shape.calls
        return added.wall * each, added.processor * each

    def ratio(self, shape: Shape, more: str, less: str) -> str:
        """Returns the ratio of two contenders, in wall-clock and processor time."""
        one, other = self.milliseconds(shape, more), self.milliseconds(shape, less)
        if one is None or other is None:
            return "not measured"
        return " / ".join(f"{a / b:.2g}" if a / b < 9.95 else f"{a / b:.0f}" for a, b in zip(one, other, strict=True))


def number(value: float) -> str:
    return f"{value:.0f}" if value >= 10 else f"{value:.1f}"


def text(shapes: Sequence[Shape], figures: Figures, seconds: float) -> str:
    """Returns the tables and the conditions of the measurement."""
    added = Added(figures)
    lines = [
        f"Measured on {page.machine()}, with ansible-core {version('ansible-core')}, requests {version('requests')}, "
        f"jsonschema {version('jsonschema')}, forks {FORKS}, the simulator on the same machine, in {seconds / 60:.0f} "
        f"minutes{shared()}. Hosts are local connections.",
        "",
        "Milliseconds that a call adds to the same playbook with `ansible.builtin.debug` in its place: by the clock / "
        "of processors (user and system). Medians of what each turn added to its own no-op. Without Ansible: the whole "
        "process.",
        "",
        "| | " + " | ".join(COLUMNS) + " |",
        "|---|" + "---|" * len(COLUMNS),
    ]
    for shape in shapes:
        cells = [added.milliseconds(shape, name) for name in COLUMNS]
        lines.append(f"| {shape.name} | " + " | ".join(" / ".join(map(number, c)) if c else "–" for c in cells) + " |")
    lines += ["", "Largest process, MiB:", "", "| | no-op | " + " | ".join(COLUMNS) + " |"]
    lines.append("|---|---|" + "---|" * len(COLUMNS))
    for shape in shapes:
        row = [figures.get((shape.name, name)) for name in (NOOP, *COLUMNS)]
        sizes = [f"{Taken.middle(list(taken)).memory:.0f}" if taken else "–" for taken in row]
        lines.append(f"| {shape.name} | " + " | ".join(sizes) + " |")
    lines += ["", "| what | goal | measured, by the clock / of processors |", "|---|---|---|"]
    lines += [f"| {what} | {goal} | {reached} |" for what, goal, reached in goals(shapes, added)]
    return "\n".join(lines) + "\n"


def shared() -> str:
    """Returns a remark if the machine was under other load."""
    busy = os.getloadavg()[1]
    return f"; the machine was shared, its load was {busy:.0f}" if busy > (os.cpu_count() or 1) + 1 else ""


def goals(shapes: Sequence[Shape], added: Added) -> list[tuple[str, str, str]]:
    """Returns rows of comparison, goal and measured ratio."""
    by_name = {shape.name: shape for shape in shapes}
    wanted = (
        ("one task: the controller against bare requests", "at most 1", "one task", CONTROLLER, REQUESTS),
        ("40 hosts: the controller against curl", "at most 1.5", "40 hosts", CONTROLLER, CURL),
        ("loop of 500: the controller against bare requests", "at most 4", "loop of 500", CONTROLLER, REQUESTS),
        *((f"{shape}: `uri` against the controller", "–", shape, URI, CONTROLLER) for shape in PLOTTED),
        ("one task: the SDK against the controller", "–", "one task", SDK, CONTROLLER),
        ("one task: the target against `uri`", "–", "one task", TARGET, URI),
        ("40 hosts: the target against `uri`", "–", "40 hosts", TARGET, URI),
    )
    found = [
        (what, goal, added.ratio(by_name[shape], more, less))
        for what, goal, shape, more, less in wanted
        if shape in by_name
    ]
    few, many = (
        added.milliseconds(by_name[name], CONTROLLER) if name in by_name else None for name in ("10 hosts", "200 hosts")
    )
    if few and many:
        level = " / ".join(f"{b / a:.2g}" for a, b in zip(few, many, strict=True))
        found.append(("a host of 200 against one of 10, on the controller", "at most 1", level))
    return found


def plot(figures: Figures) -> str:
    """Returns an SVG of the first four columns: bars of wall-clock time on a logarithmic scale."""
    added = Added(figures)
    calls = {"one task": (1, 1), "loop of 50": (50, 1), "40 hosts": (1, 40)}
    left, width, line = 250, 420, 22
    parts, y = [], 40
    for name in PLOTTED:
        shape = Shape(name, *calls[name], "http", {})
        parts.append(f'<text class="head" x="10" y="{y}">{escape(name)}, milliseconds a call</text>')
        for contender in (CONTROLLER, TARGET, URI, SDK):
            found = added.milliseconds(shape, contender)
            if found is None:
                continue
            y += line
            parts.append(f'<text x="10" y="{y}">{escape(contender)}</text>')
            length = width * max(0.0, min(1.0, math.log10(max(found[0], 1)) / 3.3))
            ours = ' class="main"' if contender == CONTROLLER else ' class="bar"'
            parts.append(f'<rect{ours} x="{left}" y="{y - 13}" width="{length:.0f}" height="16" rx="2"/>')
            parts.append(f'<text x="{left + length + 8:.0f}" y="{y}">{number(found[0])}</text>')
        y += 38
    parts.append(f'<text x="10" y="{y}">Each bar is the logarithm of its number.</text>')
    title = "What a callback adds to a playbook, by the clock; the scale is logarithmic"
    return SVG.format(height=y + 16, inner=y + 14, title=title, parts="\n  ".join(parts))


SVG = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 740 {height}" role="img" aria-label="{title}">
<!--
Copyright (c) 2026, the functiongraph.workflow contributors
GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->
  <title>{title}</title>
  <style>
  svg {{ --ground: #ffffff; --ink: #1f2933; --bar: #b8c2cd; --main: #0b5cad; --line: #b8c2cd; }}
  @media (prefers-color-scheme: dark) {{
    svg {{ --ground: #161b22; --ink: #e6edf3; --bar: #515c69; --main: #79b8ff; --line: #515c69; }}
  }}
  text {{ font: 14px system-ui, -apple-system, "Segoe UI", "Noto Sans", sans-serif; fill: var(--ink); }}
  .head {{ font-weight: 600; }}
  .ground {{ fill: var(--ground); stroke: var(--line); }}
  .bar {{ fill: var(--bar); }}
  .main {{ fill: var(--main); }}
  </style>
  <rect class="ground" x="1" y="1" width="738" height="{inner}" rx="8"/>
  {parts}
</svg>
"""


def write(tables: str, picture: str) -> None:
    """Writes the tables between their markers, the picture, and the ratios to `uri` in the READMEs."""
    PLOT.parent.mkdir(exist_ok=True)
    PLOT.write_text(picture, "utf-8")
    put(BEGIN, END, tables)
    ratios = re.findall(RATIO, tables)
    for readme in READMES:
        before, begin, rest = readme.read_text("utf-8").partition("<!-- ratios -->\n")
        rows, end, after = rest.partition("<!-- /ratios -->")
        head, *measured = rows.strip().rsplit("\n", len(PLOTTED))
        filled = [f"{row.rpartition(' | ')[0]} | {ratio} |" for row, ratio in zip(measured, ratios, strict=True)]
        readme.write_text(before + begin + "\n".join([head, *filled]) + "\n" + end + after, "utf-8")


def put(begin: str, end: str, part: str) -> None:
    """Writes a part of the page between its markers."""
    before, found, rest = page.PAGE.read_text("utf-8").partition(begin)
    if not found:
        raise RuntimeError(f"{page.PAGE} has no {begin}")
    page.PAGE.write_text(f"{before}{begin}\n\n{part}\n{end}{rest.partition(end)[2]}", "utf-8")
