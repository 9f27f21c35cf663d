# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts on the pages are those of the code, the metadata and the tools."""

from __future__ import annotations

import re
from pathlib import Path

import matrix
import pytest
import texts
import yaml
from support.playbooks import ROOT

from ansible_collections.functiongraph.workflow.plugins.module_utils import _http, _options, _schema, _spec
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials import environment, file
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import outcomes
from ansible_collections.functiongraph.workflow.plugins.module_utils._http import attempts
from ansible_collections.functiongraph.workflow.plugins.module_utils._reads import lists
from ansible_collections.functiongraph.workflow.plugins.module_utils._tasks import execution, execution_info
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile import jobs, verdicts
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reconcile.settings import SPECIFICATION

README, README_ZH = texts.READMES
each_readme = pytest.mark.parametrize("readme", texts.READMES, ids=lambda path: path.name)


def _page(name: str) -> str:
    return " ".join((texts.GUIDE / f"{name}.rst").read_text(encoding="utf-8").split())


def _table(path: Path, head: str) -> texts.Table:
    """The rows of the table whose first heading is head, without its heading."""
    return next(table[1:] for table in texts.tables(path) if table[0][0] == head)


@pytest.mark.parametrize(("readme", "said"), [(README, "was ever sent to it"), (README_ZH, "没有向真实的服务发送过")])
def test_a_readme_begins_with_the_limitation_that_nothing_was_tried_on_the_service(readme: Path, said: str) -> None:
    assert said in readme.read_text(encoding="utf-8").partition("\n<img ")[0]


@each_readme
def test_a_readme_links_to_all_its_headings_and_to_no_others(readme: Path) -> None:
    headings = [heading for level, heading in texts.headings(readme) if level == "##"]
    places = [re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings]
    linked = re.findall(r"\[([^]]+)\]\(#([^)]+)\)", readme.read_text(encoding="utf-8"))
    assert [place for _unused, place in linked if place not in places] == []
    # The list of contents has all of them.
    assert [place for place in places if place not in [place for _unused, place in linked]] == []


@each_readme
def test_a_readme_explains_that_already_delivered_needs_confirm_always(readme: Path) -> None:
    row = next(row for table in texts.tables(readme) for row in table if row[0] == "`already_delivered`")
    assert "`confirm: always`" in row[1]


@each_readme
def test_the_credentials_of_the_readme_are_those_of_the_code(readme: Path) -> None:
    table = next(table for table in texts.tables(readme) if len(table[0]) == 5)
    columns = [[cell.strip("`") for cell in column if cell.strip("`")] for column in zip(*table, strict=True)][1:]
    for option, column in zip(_options.SECRET_OPTIONS, columns, strict=True):
        in_file = file.KEYS.get(option)
        assert column[1:] == [option, *_options.ENVIRONMENT[option], *([in_file] if in_file else [])]
    # A row is a set.
    rows = [{cell.strip("`") for cell in row[1:] if cell} for row in table[2:6]]
    assert rows == [set(family.values()) for family in environment.FAMILIES]


def test_the_environment_of_the_guide_is_that_of_the_code() -> None:
    rows = _table(texts.GUIDE / "authentication.rst", "Option")
    assert {row[0].strip("`"): tuple(texts.literals(row[1])) for row in rows} == _options.ENVIRONMENT


@pytest.mark.parametrize("page", [*texts.READMES, texts.GUIDE / "delivery.rst"], ids=lambda path: path.name)
def test_every_value_of_delivery_is_explained(page: Path) -> None:
    table = next(table for table in texts.tables(page) if table[0][0].strip("`") == "delivery")
    assert [row[0].strip("`") for row in table[1:]] == list(outcomes.DELIVERIES)


def test_the_numbers_of_delivery_are_those_of_the_code() -> None:
    page, spec = _page("delivery"), _options.connection_spec()
    first, cap = attempts.BACKOFF_BASE, attempts.BACKOFF_CAP
    assert f"between 0 and {first} seconds, doubled with every attempt, at most {cap:.0f} seconds" in page
    assert f"asks for, at most {attempts.RETRY_AFTER_CAP:.0f} seconds" in page
    assert f"maximum number of retries, {spec['retries']['default']} by default" in page
    assert f"the last byte read, {spec['timeout']['default']:.0f} seconds by default" in page
    assert f"At most {_http.BODY_LIMIT // 1024**2} MiB of a response is read" in page
    rows = _table(texts.GUIDE / "delivery.rst", "``confirm``")
    assert sorted(texts.literals(row[0])[0] for row in rows) == sorted(_options.CONFIRM)


def test_the_numbers_of_runs_are_those_of_the_code() -> None:
    page = _page("runs")
    assert f"{_spec.LIST_LIMIT} by default and {execution_info._RESULTS_LIMIT:,} at most" in page
    assert _spec.LIST_DAYS == 3
    assert "the last three days are listed" in page
    assert lists.AT_A_TIME == 5
    assert "five at a time" in page


def test_the_versions_are_those_of_the_matrix() -> None:
    rows = _table(texts.GUIDE / "versions.rst", "ansible-core")
    assert {row[0]: tuple(row[1].split(", ")) for row in rows} == matrix.CORES
    rows = _table(texts.GUIDE / "versions.rst", "ansible-core, in part")
    assert {row[0]: tuple(row[1].split(", ")) for row in rows} == matrix.SMOKE_CORES
    floor = yaml.safe_load((ROOT / "meta/runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    assert floor == f">={matrix.FLOOR_CORE}.0"
    for page in (README, README_ZH, texts.GUIDE / "getting_started.rst", texts.GUIDE / "quick_start_zh.rst"):
        assert f"ansible-core {matrix.FLOOR_CORE}" in page.read_text(encoding="utf-8")


def test_the_workflow_has_every_row_of_the_matrix() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text(encoding="utf-8"))
    rows = workflow["jobs"]["matrix"]["strategy"]["matrix"]["include"]
    found = sorted((row["core"], row["python"], row.get("playbooks", "integration")) for row in rows)
    kinds = {"integration": matrix.CORES, "smoke": matrix.SMOKE_CORES}
    assert found == sorted(
        (core, python, kind) for kind, cores in kinds.items() for core, pythons in cores.items() for python in pythons
    )


def test_the_libraries_are_those_of_the_requirements() -> None:
    lines = (ROOT / "meta/requirements.txt").read_text(encoding="utf-8").splitlines()
    needed = dict(line.split(">=") for line in lines if line and not line.startswith("#"))
    assert {row[0]: row[1] for row in _table(texts.GUIDE / "versions.rst", "Library")} == needed
    for page in (README, README_ZH, texts.GUIDE / "getting_started.rst"):
        for name, version in needed.items():
            assert f"'{name}>={version}'" in page.read_text(encoding="utf-8")


@each_readme
def test_the_archive_has_the_name_that_is_built(readme: Path) -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    assert f"{galaxy['namespace']}-{galaxy['name']}-{galaxy['version']}.tar.gz" in readme.read_text(encoding="utf-8")


def _contents() -> set[str]:
    """What users start, by name."""
    there = {path.stem for kind in ("modules", "callback") for path in (ROOT / "plugins" / kind).glob("[!_]*.py")}
    there |= {path.name for path in (ROOT / "roles").iterdir()}
    there |= {path.stem for path in (ROOT / "playbooks").glob("*.yml")}
    return (there | _event_sources()) - {"demo"}


def _event_sources() -> set[str]:
    return {path.stem for path in (ROOT / "extensions/eda/plugins/event_source").glob("*.py")}


@each_readme
def test_the_contents_of_a_readme_are_those_of_the_collection(readme: Path) -> None:
    listed = {
        texts.literals(row[0])[0].rpartition(".")[2]
        for row in next(table for table in texts.tables(readme) if any("`runbook`" in row[0] for row in table))[1:]
    }
    assert listed == _contents()


def test_the_changelog_lists_all_plugins_roles_and_playbooks() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").replace("\\", "")
    named = set(re.findall(r"^\* functiongraph\.workflow\.(\w+) - ", text, re.MULTILINE))
    # The next release will list what its fragments add, and the modules that are new in it.
    for path in (ROOT / "plugins/modules").glob("[!_]*.py"):
        since = re.search(r"^version_added: (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert since is not None
        if f"## v{since[1]}" not in text:
            named.add(path.stem)
    for path in (ROOT / "changelogs/fragments").glob("*.yml"):
        added = yaml.safe_load(path.read_text(encoding="utf-8")).get("add object.playbook", [])
        named |= {playbook["name"] for playbook in added}
    # For antsibull-changelog an event source is no plugin.
    changes = " ".join(path.read_text(encoding="utf-8") for path in (ROOT / "changelogs/fragments").glob("*.yml"))
    named |= {name for name in _event_sources() if f"functiongraph.workflow.{name} - new event source" in changes}
    # The filter was in version 1.0.0 and has gone.
    assert named == _contents() | {"runbook_failure"}


def test_the_guide_lists_all_variables_of_the_callback_playbook() -> None:
    listed = {name for row in _table(texts.GUIDE / "runbooks.rst", "Variable") for name in texts.literals(row[0])}
    (play,) = yaml.safe_load((ROOT / "playbooks/callback.yml").read_text(encoding="utf-8"))
    read = set(re.findall(r"(?<![\w.])(?:fgs_\w+|awx_note)(?= \| default)", str(play)))
    assert listed == read


def test_the_guide_lists_all_variables_and_verdicts_of_reconcile() -> None:
    page = texts.GUIDE / "hangs.rst"
    listed = {name for row in _table(page, "Variable") for name in texts.literals(row[0])}
    (play,) = yaml.safe_load((ROOT / "playbooks/reconcile.yml").read_text(encoding="utf-8"))
    assert listed == set(re.findall(r"(?<![\w.])fgs_\w+(?= \| default)", str(play)))
    rows = _table(page, "Verdict")
    names = {value for name, value in vars(verdicts).items() if name.isupper() and name[0] != "_"}
    assert {texts.literals(row[0])[0] for row in rows} == names - {jobs.SUCCESSFUL, jobs.CANCELED}
    for name in ("grace", "alarm", "since"):
        default = SPECIFICATION[f"fgs_reconcile_{name}"]["default"]
        row = next(row for row in _table(page, "Variable") if f"fgs_reconcile_{name}" in row[0])
        assert f"``{default}``" in row[1]


def test_every_make_target_that_a_page_names_exists() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in texts.pages():
        text = page.read_text(encoding="utf-8")
        named = set(re.findall(r"(?:^ *|`)make ([a-z-]+)", text, re.MULTILINE))
        assert named <= targets, page


def test_every_file_that_a_page_links_to_exists() -> None:
    missing = []
    for page in [*texts.READMES, *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"(?:\]\(|src=\")([^)\"]+)", page.read_text(encoding="utf-8")):
            if not re.match(r"https?:|#", link) and not (page.parent / link.partition("#")[0]).exists():
                missing.append(f"{page.name}: {link}")
    for page in [*texts.READMES, *texts.GUIDE.glob("*.rst")]:
        for path in re.findall(r"ansible-workflow/blob/main/([^)>\s]+)", page.read_text(encoding="utf-8")):
            if not (ROOT / path).is_file():
                missing.append(f"{page.name}: {path}")
    assert missing == []


def test_every_file_that_a_page_names_exists() -> None:
    place = re.compile(r"(docs|extensions|meta|playbooks|plugins|roles|tests|changelogs)/[\w./-]*$")
    named = [
        (page.name, path)
        for page in texts.pages()
        for path in texts.literals(page.read_text(encoding="utf-8"))
        if place.match(path)
    ]
    events = (texts.GUIDE / "event_driven.rst").read_text(encoding="utf-8")
    rulebooks = re.findall(r"``(\w+\.yml)`` (?:runs|launches)", events)
    named += [("event_driven.rst", f"extensions/eda/rulebooks/{name}") for name in rulebooks]
    assert len(named) > 6
    assert len(rulebooks) == 3
    assert [f"{page}: {path}" for page, path in named if not (ROOT / path).exists()] == []


def test_the_architecture_names_every_util() -> None:
    text = (texts.GUIDE / "architecture.rst").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(_\w+\.py)", text))
    there = {path.name for kind in ("module_utils", "plugin_utils") for path in (ROOT / "plugins" / kind).glob("_*.py")}
    assert named == there - {"__init__.py"}


def test_the_architecture_states_the_lines_of_the_tools() -> None:
    files = [*(ROOT / "tests/tools").glob("*.py"), ROOT / "noxfile.py", ROOT / "tests/constraints.txt"]
    groups = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[dependency-groups]\n")[2]
    counted = [path.read_text(encoding="utf-8") for path in files] + [groups.partition("\n\n[")[0] + "\n"]
    lines = 1 + sum(text.count("\n") for text in counted)
    assert f" of ``pyproject.toml`` - 1,000 - {lines} " in _page("architecture")
    assert lines < 1000


@each_readme
def test_a_readme_quotes_the_ratios_that_were_measured(readme: Path) -> None:
    page = (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8")
    quoted = readme.read_text(encoding="utf-8").partition("<!-- ratios -->")[2].partition("<!-- /ratios -->")[0]
    measured = [
        re.findall(rf"^\| {shape}: `uri` against the controller \|.*\| ([\d.]+ / [\d.]+) \|$", page, re.MULTILINE)
        for shape in ("one task", "40 hosts", "loop of 50")
    ]
    assert [[ratio] for ratio in re.findall(r"[\d.]+ / [\d.]+", quoted)] == measured, "run: make bench"


def test_the_limits_of_the_messages_are_those_of_the_code() -> None:
    page = _page("troubleshooting")
    assert f"at most {_options.TIMEOUT_LIMIT} seconds" in page
    assert f"from 0 to {_options.RETRIES_LIMIT}," in page
    assert f"at most {_schema.DEPTH} levels deep" in page
    assert f"to {execution._WAIT_LIMIT} seconds" in page
    assert f"from 1 to {execution_info._RESULTS_LIMIT}," in page
