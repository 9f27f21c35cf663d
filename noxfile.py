# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every check that we have, each as a session with an environment of its own: nox --list shows them.

`make check` runs the sessions tagged "check", `make test` those tagged "test", and `make test-all` those tagged
"test-all", which is what only the full matrix shows. Two sessions run at a time, so the long ones stand first.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).resolve().parent / "tests/tools"))

import get_pip
import matrix
import trees
from environments import (
    AVAILABLE,
    CACHE,
    FLOOR,
    NEWEST,
    archive,
    clean_environment,
    install,
    on,
    per_core,
    pytest,
    simulator_python,
)

# Only the Pythons that are here are used: uv is not to fetch others.
os.environ["UV_PYTHON_DOWNLOADS"] = "never"
nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["code"]


def playbooks(session: nox.Session, core: str, *arguments: str) -> None:
    """Real playbooks against the simulator; on an older core those that depend on ansible-core."""
    install(session, f"core-{core}")
    pytest(session, *arguments, "-m", "not test_all" if core == matrix.NEWEST_CORE else "core")


@per_core("report", matrix.CORES, newest="test")
def report(session: nox.Session, core: str) -> None:
    """Report plugin, role and the playbook callback in real playbooks."""
    playbooks(session, core, "tests/integration/report", "tests/integration/role")


@per_core("integration", matrix.CORES, newest="test")
def integration(session: nox.Session, core: str) -> None:
    """Modules in real playbooks."""
    others = ("--ignore=tests/integration/report", "--ignore=tests/integration/role")
    playbooks(session, core, "tests/integration", *others)


@on(NEWEST, "test-all")
def rest(session: nox.Session) -> None:
    """The tests with the mark test_all, which the sessions of `make test` leave out because they take long."""
    install(session, "awx")
    pytest(session, "tests/awx", "tests/integration", "-m", "test_all")


@on(NEWEST, "test-all")
def awx_setup(session: nox.Session) -> None:
    """The playbook that sets AWX up, with the real modules, against a stand-in for AWX's API."""
    install(session, "awx_setup")
    pytest(session, "tests/awx_setup")


def ansible_test(session: nox.Session, core: str, command: tuple[str, ...], *arguments: str) -> None:
    """Plain ansible-test, in a checkout of its own and with a home of its own."""
    place = CACHE / "ansible-test" / core
    get_pip.provide(next(Path(session.virtualenv.location).glob("lib/python*/site-packages/ansible_test")), place)
    home = Path.home()
    tree = trees.copy(place)
    session.chdir(tree)
    session.run(
        *("ansible-test", *command, "--color", "no", *(session.posargs or arguments)),
        env={
            "HOME": str(place),
            # pip's settings and cache stay known.
            "XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME", str(home / ".config")),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(home / ".cache")),
            "PATH": os.pathsep.join([session.bin, matrix.link_all(place / "pythons"), os.environ["PATH"]]),
        },
    )
    # Where it finds nothing to check, ansible-test is content.
    if not list(tree.glob("tests/output/junit/*.xml")):
        session.error("ansible-test checked nothing")


@per_core("sanity", matrix.SANITY_CORES)
def sanity(session: nox.Session, core: str) -> None:
    """ansible-test sanity without a line to ignore: all of it on the newest core."""
    install(session, f"core-{core}")
    tests = [] if core == matrix.NEWEST_CORE else [f"--test={test}" for test in matrix.SANITY_TESTS]
    ansible_test(session, core, ("sanity", "--junit"), *tests)


@on(NEWEST, "test-all")
def ansible_test_units(session: nox.Session) -> None:
    """The unit tests as ansible-test runs them."""
    install(session, "units")
    version = next(version for version, python in AVAILABLE.items() if python == NEWEST)
    ansible_test(session, "units", ("units",), "--python", version)


@on(NEWEST, "test")
def awx(session: nox.Session) -> None:
    """Playbooks as AWX and automation controllers start them, and the execution environment that they run in."""
    install(session, "awx")
    pytest(session, "tests/awx", "-m", "not test_all")


@on(NEWEST, "test")
def docs(session: nox.Session) -> None:
    """The guide as a site, in .cache/docs, and its tests: links, pictures, examples, and pages in a browser."""
    install(session, "docs")
    session.run("python", "tests/docs/build.py", str(CACHE / "docs"), env=clean_environment())
    pytest(session, "tests/docs", FGS_SITE=str(CACHE / "docs/build/html"))


@on(FLOOR, "test-all")
def awx_floor(session: nox.Session) -> None:
    """The same jobs with the oldest ansible-core that execution environments still have."""
    install(session, "awx_floor")
    pytest(session, "tests/awx/runner/test_jobs.py")


@on(NEWEST, "test-all")
def eda(session: nox.Session) -> None:
    """The sample rulebooks with a real ansible-rulebook; skipped where there is no JDK."""
    install(session, "eda")
    pytest(session, "tests/eda")


@per_core("smoke", matrix.SMOKE_CORES)
def smoke(session: nox.Session, core: str) -> None:
    """A few of them: modules from both faces, what is masked, the report plugin and the role."""
    install(session, f"core-{core}")
    places = ("test_smallest_task.py", "tasks/test_secrets.py", "report/test_situations.py::test_situation[works]")
    pytest(session, *(f"tests/integration/{place}" for place in (*places, "role/test_role.py::test_job_in_awx")))
    if core == matrix.CANDIDATE:
        pytest(session, "tests/integration/report/test_situations.py", success_codes=(0, 1))


@on(NEWEST, "test-all")
def lint(session: nox.Session) -> None:
    """Everything that is not Python code: YAML, documentation, changelog, licences, playbooks, workflow files."""
    install(session, "lint")
    # In a copy that has only what git knows: no caches, and at the place where Ansible expects a collection.
    session.chdir(trees.copy(CACHE / "lint"))
    env = clean_environment(ANSIBLE_COLLECTIONS_PATH=str(CACHE / "lint"))
    session.run("yamllint", "--strict", ".")
    session.run("reuse", "--root", ".", "lint", "--lines")
    session.run("antsibull-changelog", "lint", env=env)
    # antsibull-docs writes the name of its temporary folder into pages, where one that ends with "_" is a reference.
    names = "import tempfile; tempfile._RandomNameSequence.characters = 'abcdefgh'"
    program = f"import sys; {names}; from antsibull_docs.cli.antsibull_docs import main; sys.exit(main())"
    session.run(
        *("python", "-c", program, "lint-collection-docs", "--plugin-docs"),
        *("--validate-collection-refs", "all", "."),
        env=env,
    )
    session.run("ansible-lint", "--profile", "production", env=env)
    session.run("shellcheck", ".ci/run")
    workflows = sorted(str(path) for path in Path(".github/workflows").glob("*.yml"))
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)


@per_core("unit", matrix.SMOKE_CORES | matrix.CORES)
def unit(session: nox.Session, core: str) -> None:
    """Unit tests; on the newest ansible-core with the coverage that we ask for.

    Some branches are for what only a newer ansible-core or Python does, so the older ones cannot reach them.
    """
    install(session, f"core-{core}")
    if core != matrix.NEWEST_CORE:
        pytest(session, "tests/unit")
        return
    env = clean_environment(FGS_SIMULATOR_PYTHON=simulator_python(session), COVERAGE_FILE=str(CACHE / "coverage/data"))
    for command in ("erase", "run -m pytest tests/unit", "combine --quiet", "report"):
        session.run("coverage", *command.split(), env=env)


@on(NEWEST, "test", "check")
def fast(session: nox.Session) -> None:
    """The tests that need no playbook, unit tests and pages compared with code, or what is given after --."""
    install(session, "units")
    pages = (f"tests/docs/test_{name}.py" for name in ("facts", "languages", "troubleshooting"))
    pytest(session, "--numprocesses", "2", "tests/unit", *pages)


@on(sys.executable, "test", "check")
def code(session: nox.Session) -> None:
    """Our Python code: rules, form and types."""
    install(session, "code")
    trees.link()
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy", "--package", "ansible_collections.functiongraph.workflow.plugins")
    session.run("mypy", "--exclude", "^tests/(docs|output)/", "noxfile.py", "extensions", "tests")
    # By themselves: to mypy their conftest.py has the name of the one of all tests.
    session.run("mypy", "tests/docs")


@on(sys.executable, "test", venv_backend="none")
def simulator(session: nox.Session) -> None:
    """The simulator with the official SDK as its client, and our signatures beside the official signer's."""
    tests = session.posargs or ["tests/simulator/tests", "tests/signing"]
    env = clean_environment(PYTHONPATH="tests")
    session.run(simulator_python(session), "-m", "pytest", *tests, env=env, external=True)


@on(NEWEST, "test-all")
def galaxy_importer(session: nox.Session) -> None:
    """What Galaxy says when the archive is uploaded."""
    install(session, "galaxy_importer")
    pytest(session, "tests/release/test_galaxy_importer.py", FGS_ARCHIVE=archive(session))


@on(NEWEST, "test-all")
def release_check(session: nox.Session) -> None:
    """Would the release be what we mean it to be?"""
    install(session, f"core-{matrix.NEWEST_CORE}")
    pytest(session, "tests/release/test_archive.py", FGS_ARCHIVE=archive(session))


demo_core = next((core for core in reversed(matrix.CORES) if matrix.choose(matrix.CORES[core], AVAILABLE)), "")


@on(matrix.choose(matrix.CORES.get(demo_core, ()), AVAILABLE), "test-all")
def demo(session: nox.Session) -> None:
    """A run that waits, and a playbook that completes it: from the built archive, with everything real."""
    install(session, f"core-{demo_core}")
    place = str(Path(session.virtualenv.location) / "collections")
    python = simulator_python(session)
    env = clean_environment(PYTHONPATH="", ANSIBLE_COLLECTIONS_PATH=place, FGS_SIMULATOR_PYTHON=python)
    command = ("ansible-galaxy", "collection", "install", "--offline", "--force", "-p", place)
    session.run(*command, archive(session), silent=True)
    session.run("python", "tests/demo/demo.py", *session.posargs, env=env)


@on(NEWEST)
def watch(session: nox.Session) -> None:
    """The unit tests, or what is given after --, once more whenever a file changes."""
    install(session, "watch")
    env = clean_environment(FGS_SIMULATOR_PYTHON=simulator_python(session))
    session.run("ptw", "--now", ".", *(session.posargs or ["tests/unit"]), env=env)


@on(sys.executable, name="format")
def format_code(session: nox.Session) -> None:
    """Format our Python code, and fix what can be fixed without thinking."""
    install(session, "code")
    session.run("ruff", "check", "--fix-only", ".")
    session.run("ruff", "format", ".")


@on(NEWEST)
def bench(session: nox.Session) -> None:
    """What a callback costs, measured against the simulator: tables and plot of docs/benchmarks.md.

    nox --session bench -- chaos limits reconcile measures the rest of that page again.
    """
    install(session, f"core-{matrix.NEWEST_CORE}")
    env = clean_environment(FGS_SIMULATOR_PYTHON=simulator_python(session))
    for program in session.posargs or ["speed", "milliseconds"]:
        session.run("python", f"tests/bench/{program}.py", "--write", env=env)


@on(NEWEST)
def changelog(session: nox.Session) -> None:
    """Write changelogs/changelog.yaml and CHANGELOG.md from the fragments, for the version in galaxy.yml."""
    install(session, "lint")
    command = ("antsibull-changelog", "release", "--reload-plugins", "--refresh-fragments", "--update-existing")
    session.run(*command, *session.posargs, env=clean_environment())
