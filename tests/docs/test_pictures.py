# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pictures are complete, have a description for people who cannot see them, and are used."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
import texts
from support.playbooks import ROOT

IMAGES = ROOT / "docs/images"
# make bench draws the plot of what was measured; the others are drawn by hand.
PLOT = IMAGES / "benchmarks.svg"
DRAWN = sorted(path for path in IMAGES.glob("*.svg") if path != PLOT)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.stem)
def test_a_picture_has_title_and_description_and_stays_within_its_frame(path: Path) -> None:
    root = ET.parse(path).getroot()
    width, height = (float(root.attrib[name]) for name in ("width", "height"))
    assert len(root.findtext(f"{SVG}title") or "") > 5
    assert len(root.findtext(f"{SVG}desc") or "") > 40
    for text in root.iter(f"{SVG}text"):
        line = text.text or ""
        # As wide as it is in a wide font: 9 pixels a letter, 15 a Chinese character.
        half = sum(15 if ord(character) > 0x2E80 else 9 for character in line) / 2
        x, y = float(text.attrib["x"]), float(text.attrib["y"])
        assert half < x < width - half, line
        assert 0 < y < height, line


@pytest.mark.parametrize("path", DRAWN, ids=lambda path: path.stem)
def test_nothing_in_a_picture_overlaps(path: Path) -> None:
    frames = [
        tuple(float(one.attrib[name]) for name in ("x", "y", "width", "height"))
        for one in ET.parse(path).getroot().iter(f"{SVG}rect")
        if one.attrib.get("class") != "ground"
    ]
    assert len(frames) > 4
    for number, (x, y, width, height) in enumerate(frames):
        for x2, y2, width2, height2 in frames[:number]:
            assert x >= x2 + width2 or x2 >= x + width or y >= y2 + height2 or y2 >= y + height, (x, y)


def test_every_picture_is_used_and_no_other_is() -> None:
    used = set()
    for page in [*texts.READMES, *(ROOT / "docs").rglob("*.rst"), *(ROOT / "docs").rglob("*.md")]:
        for name in re.findall(r"images/([\w.-]+\.svg)", page.read_text(encoding="utf-8")):
            used.add(name)
    assert used == {path.name for path in IMAGES.glob("*.svg")}


def test_the_plot_has_a_title() -> None:
    root = ET.parse(PLOT).getroot()
    assert root.findtext(f"{SVG}title") == root.attrib["aria-label"]
    assert len(root.attrib["aria-label"]) > 40


def test_the_plot_shows_the_numbers_of_the_table_beside_it() -> None:
    shown = [text.text or "" for text in ET.parse(PLOT).getroot().iter(f"{SVG}text")]
    table = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    rows = [
        re.search(rf"^\| {name} \| (.* / .*) \|$", table, re.MULTILINE)
        for name in ("one task", "40 hosts", "loop of 50")
    ]
    plotted = [cell for row in rows if row for cell in row[1].split(" | ")[:4]]
    assert [text for text in shown if text.replace(".", "").isdigit()] == [
        cell.partition(" / ")[0] for cell in plotted if "/" in cell
    ]
