# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the guide's site has beyond the configuration that antsibull-docs generates, to which this is appended."""

import re
from typing import Any

# No other site is asked while building, so it can be built anywhere, and always to the same.
intersphinx_mapping: dict[str, object] = {}
html_title = "functiongraph.workflow"
html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["guide.css"]
# Messages and commands must look as they are.
smartquotes = False

_ANSIBLE = "https://docs.ansible.com/ansible/latest/"
# Labels of Ansible's own documentation that generated pages refer to.
_FOREIGN = {
    "action_plugins": "plugins/action.html#action-plugins",
    "ansible_configuration_settings": "reference_appendices/config.html#ansible-configuration-settings",
    "callback_plugins": "plugins/callback.html#callback-plugins",
    "common_return_values": "reference_appendices/common_return_values.html#common-return-values",
}
_BUILTIN = re.compile(r"ansible_collections\.ansible\.builtin\.(\w+)$")
# Playbooks have no generated pages; the guide describes them.
_UNPAGED = {
    "ansible_collections.functiongraph.workflow.callback_playbook": "docsite/runbooks#a-playbook-for-the-callback-only",
}


def _elsewhere(app: Any, _env: Any, node: Any, content: Any) -> Any:
    """A link to what has no page on this site. None, and with it a warning, for an unknown label."""
    from docutils import nodes

    label = node.get("reftarget", "")
    builtin = _BUILTIN.match(label)
    if label in _FOREIGN:
        address = _ANSIBLE + _FOREIGN[label]
    elif builtin:
        address = f"{_ANSIBLE}collections/ansible/builtin/{builtin[1]}.html"
    elif label in _UNPAGED:
        page, _hash, place = _UNPAGED[label].partition("#")
        address = f"{app.builder.get_relative_uri(node['refdoc'], page)}#{place}"
    else:
        return None
    return nodes.reference("", "", content, internal=False, refuri=address)


def _without_contents(_app: Any, document: Any) -> None:
    """The theme lists a page's sections beside it, and does not want them in it as well."""
    from docutils import nodes

    for topic in list(document.findall(nodes.topic)):
        if "contents" in topic["classes"]:
            topic.parent.remove(topic)
    for title in document.findall(nodes.title):
        title.attributes.pop("refid", None)


_TABLE = re.compile(r'<table class="docutils [^>]*>.*?</table>', re.DOTALL)
_HEAD = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
_ROW = re.compile(r"<tr\b[^>]*>.*?</tr>", re.DOTALL)


def _with_labels(table: str) -> str:
    """A table of three columns or more, in which each cell but the first of a row names its column as data-label."""
    heads = [re.sub(r"<[^>]*>", "", head).strip() for head in _HEAD.findall(table)]
    if len(heads) < 3:
        return table

    def row(match: re.Match[str]) -> str:
        start, *cells = match[0].split("<td>")
        labels = ["<td>", *(f'<td data-label="{head}">' for head in heads[1:])]
        return start + "".join(labels[number] + cell for number, cell in enumerate(cells))

    return _ROW.sub(row, table)


def _label_cells(_app: Any, _page: str, _template: str, context: dict[str, Any], _document: Any) -> None:
    """On a phone the cells of a row stand below each other, far from the head of the table."""
    if "body" in context:
        context["body"] = _TABLE.sub(lambda match: _with_labels(match[0]), context["body"])


def setup(app: Any) -> None:
    app.connect("missing-reference", _elsewhere)
    app.connect("doctree-read", _without_contents)
    app.connect("html-page-context", _label_cells)
