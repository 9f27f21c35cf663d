# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide's site and the simulator's page, as people see them."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pages
import pytest
import tables
import texts
import yaml
from playwright.sync_api import BrowserContext, expect
from support.playbooks import ROOT
from support.simulators import Simulator

BAD_PAGE = """<!DOCTYPE html><meta name="viewport" content="width=device-width"><style>body { background: #fff }</style>
<div style="width: 2000px">wide</div><img src="missing.png"><p style="color: #eee">pale</p>
<p style="font-size: 5px">tiny</p>
<p style="width: 60px">a sentence that is far too long to stand in so little room</p>
<style>.stacked td { display: block } .headless thead { display: none }</style>
<table class="headless"><thead><tr><th>What</th></tr></thead><tbody><tr><td>headless</td></tr></tbody></table>
<table class="stacked"><thead><tr><th>One</th><th>Two</th><th>Three</th></tr></thead>
<tbody><tr><td>1</td><td>second</td><td>third</td></tr></tbody></table>
<script src="missing.js"></script>"""


def test_problems_of_a_page_are_found(browser: BrowserContext, tmp_path: Path) -> None:
    (tmp_path / "bad.html").write_text(BAD_PAGE)
    found = " ".join(pages.problems(browser, (tmp_path / "bad.html").as_uri()))
    for problem in (
        "360, light: wider",
        "1400, dark: wider",
        "no picture",
        "pale, 1.2",
        "tiny: tiny",
        "no head: What",
        "no head: second",
        "a request failed",
    ):
        assert problem in found


def test_broken_links_are_found(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text('<a href="b.html#there">1</a><a href="b.html#not">2</a><a href="c.html">3</a>')
    (tmp_path / "b.html").write_text('<p id="there"><a href="#nowhere">4</a><a href="https://example.org/x">5</a>')
    assert pages.broken_links(tmp_path) == ["a.html: b.html#not", "a.html: c.html", "b.html: #nowhere"]


def test_no_link_of_the_site_is_broken(site: Path) -> None:
    assert pages.broken_links(site) == []


def test_the_site_has_every_page_of_the_guide(site: Path) -> None:
    sections = yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    listed = [name for section in sections for name in section["toctree"]]
    assert sorted(listed) == sorted(path.stem for path in (ROOT / "docs/docsite/rst").glob("*.rst"))
    assert all((site / f"docsite/{name}.html").is_file() for name in listed)


@pytest.mark.parametrize(
    ("page", "name"), [("delivery", "verdicts"), ("delivery", "faults"), ("runbooks", "situations")]
)
def test_the_site_has_every_row_of_a_generated_table(page: str, name: str, site: Path) -> None:
    shown = html.unescape(re.sub(r"<[^>]*>", "", (site / f"docsite/{page}.html").read_text(encoding="utf-8")))
    cells = {cell for _unused, columns, rows in tables.TABLES[name]() for row in (columns, *rows) for cell in row}
    assert len(cells) > 10
    # A backslash is reStructuredText for a character that is not markup.
    assert [cell for cell in cells if re.sub(r"\\(.)|``", r"\1", cell) not in shown] == []


def test_no_page_says_that_the_collection_is_on_galaxy(site: Path) -> None:
    found = {path.name: path.read_text(encoding="utf-8") for path in site.glob("*.html")}
    assert [name for name, text in found.items() if "galaxy.ansible.com" in text] == []
    command = re.search(r"ansible-galaxy collection install git.*", texts.READMES[0].read_text(encoding="utf-8"))
    assert command
    assert command[0] in re.sub(r"<[^>]*>", "", found["fgs_workflow_callback_module.html"])


def test_every_page_is_readable(site: Path, browser: BrowserContext) -> None:
    found = {}
    for page in sorted(site.rglob("*.html")):
        # Nothing to read before somebody searches.
        if page.name != "search.html":
            found[str(page.relative_to(site))] = pages.problems(browser, page.as_uri())
    assert len(found) > 10
    wrong = [f"{page}: {problem}" for page, problems in found.items() for problem in problems]
    assert not wrong, "\n".join(wrong)


def test_the_simulators_page_is_readable(simulator: Simulator, browser: BrowserContext) -> None:
    long, end = "x" * 300, "/_simulator/runs/{workflow_run_id}/end"
    waiting, failed = (simulator.start_run(name=name, input={"key": long}) for name in ("waits", long))
    simulator.ask("POST", end.format(**failed), {"status": "fail", "error": long})
    shown = (waiting["workflow_run_id"], "waiting for a callback", failed["workflow_run_id"], "failed", long)
    assert pages.problems(browser, simulator["page"], *shown) == []


def test_the_simulators_page_shows_a_change_without_a_reload(simulator: Simulator, browser: BrowserContext) -> None:
    run = simulator.start_run(name="waits")
    with browser.new_page() as page:
        page.goto(simulator["page"])
        card = page.locator("article", has_text=run["workflow_run_id"])
        expect(card).to_contain_text("waiting for a callback")
        simulator.ask("POST", f"/_simulator/runs/{run['workflow_run_id']}/end", {"status": "cancel", "error": "stop"})
        expect(card).to_contain_text("was cancelled")
