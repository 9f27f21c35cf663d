# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What must be true of every page that people see: links, pictures, and whether it can be read."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

from playwright.sync_api import BrowserContext, Response

WIDTHS = (360, 1400)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# Text against what is painted behind it. 3 is what the accessibility guidelines ask of large text; half of our text is
# coloured by themes, so that is the bound for all of it.
_PROBLEMS = """
(() => {
  const found = [];
  const page = document.documentElement;
  if (page.scrollWidth > page.clientWidth) {
    const wide = [...document.querySelectorAll('body *')].filter(
      (one) => one.getBoundingClientRect().right > page.clientWidth + 1 && one.checkVisibility());
    found.push('wider than the window: ' + page.scrollWidth + ' ' + wide.slice(0, 3).map(
      (one) => one.tagName + '.' + one.className + ' ' + one.textContent.trim().slice(0, 40)).join('; '));
  }
  for (const picture of document.images)
    if (!picture.complete || !picture.naturalWidth) found.push('no picture: ' + picture.getAttribute('src'));
  const numbers = (colour) => (colour.match(/[\\d.]+/g) || []).map(Number);
  const light = (colour) => {
    const part = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    const [red, green, blue] = numbers(colour);
    return 0.2126 * part(red) + 0.7152 * part(green) + 0.0722 * part(blue);
  };
  const ground = (one) => {
    for (; one; one = one.parentElement) {
      const colour = getComputedStyle(one).backgroundColor;
      if ((numbers(colour)[3] ?? 1) > 0.5) return colour;
    }
    return matchMedia('(prefers-color-scheme: dark)').matches ? 'rgb(18, 18, 18)' : 'rgb(255, 255, 255)';
  };
  for (const one of document.querySelectorAll('td, li, p, dd')) {
    const text = one.textContent.trim(), width = one.getBoundingClientRect().width;
    if (text.length > 40 && width < 90 && one.checkVisibility()) found.push('squeezed: ' + text.slice(0, 40));
  }
  // Where the cells of a row stand below each other, each has to say of which column it is. Ansible's own tables do
  // so by other means.
  for (const table of document.querySelectorAll('table:has(> thead):not(.ansible-option-table)')) {
    const heads = [...table.querySelectorAll(':scope > thead th')].map((one) => one.textContent.trim());
    const shown = (one) => one.getBoundingClientRect().height > 1 && one.checkVisibility();
    if (![...table.querySelectorAll(':scope > thead th')].every((one) => shown(one) || !one.textContent.trim()))
      found.push('no head: ' + heads.join(', '));
    for (const row of table.querySelectorAll(':scope > tbody > tr')) {
      const [first, ...others] = row.querySelectorAll(':scope > td');
      others.forEach((cell, number) => {
        const label = getComputedStyle(cell, '::before').content;
        if (first.getBoundingClientRect().top !== cell.getBoundingClientRect().top && others.length > 1
            && !label.includes(heads[number + 1])) found.push('no head: ' + cell.textContent.trim().slice(0, 40));
      });
    }
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode.textContent.trim(), one = texts.currentNode.parentElement;
    if (!text || !one.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
    const style = getComputedStyle(one);
    if (parseFloat(style.fontSize) < 9) { found.push('tiny: ' + text.slice(0, 40)); continue; }
    if (!style.color.startsWith('rgb') || !ground(one).startsWith('rgb')) continue;
    const [one_light, other] = [light(style.color), light(ground(one))].sort((a, b) => b - a);
    const contrast = (one_light + 0.05) / (other + 0.05);
    if (contrast < 3) found.push('pale, ' + contrast.toFixed(1) + ': ' + text.slice(0, 40) + ' (' + style.color + ')');
  }
  return [...new Set(found)];
})()
"""


def problems(browser: BrowserContext, address: str, *texts: str) -> list[str]:
    """Everything that is wrong with a page that shows all texts, in each width, dark and light."""
    page = browser.new_page()
    loading: list[str] = []
    requested: list[str] = []
    responses: list[Response] = []

    def received(response: Response) -> None:
        """A method of a list is nothing that Playwright can call."""
        responses.append(response)

    page.on("request", lambda request: requested.append(request.url))
    page.on("requestfailed", lambda request: loading.append(f"a request failed: {request.url}: {request.failure}"))
    page.on("response", received)
    page.on("pageerror", lambda error: loading.append(str(error)))
    page.goto(address)
    for text in texts:
        page.get_by_text(text).first.wait_for()
    own = urlsplit(address)[:2]
    found = [*loading, *(f"{response.status} for {response.url}" for response in responses if response.status >= 400)]
    for url in requested:
        if urlsplit(url)[:2] != own and not url.startswith("data:"):
            found.append(f"requests another host: {url}")
    for width in WIDTHS:
        for scheme in SCHEMES:
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            # Two frames, so that what reacts to the size has reacted.
            page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
            found += [f"{width}, {scheme}: {problem}" for problem in page.evaluate(_PROBLEMS)]
    page.close()
    return found


class _Page(HTMLParser):
    """The places in a page that can be linked to, and what it links to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if value and (name == "id" or (name == "name" and tag == "a")):
                self.anchors.add(value)
            elif value and name in ("href", "src"):
                self.links.append(value)


def broken_links(site: Path) -> list[str]:
    """Links of the site's pages to files or places on it that are not there."""
    pages = {path.resolve(): _Page(path) for path in site.rglob("*.html")}
    found = []
    for path, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or link.startswith("data:"):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment)
            if not target.is_file() or (place and target in pages and place not in pages[target].anchors):
                found.append(f"{path.relative_to(site.resolve())}: {link}")
    return sorted(set(found))
