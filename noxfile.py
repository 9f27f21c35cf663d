# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every check that we have, each as a session with an environment of its own: nox --list shows them.

The sessions tagged "test" are what `make test` runs, two at a time, so the long ones stand first.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).resolve().parent / "tests/tools"))

import get_pip
import matrix
import pythons
import trees
from environments import (
    AVAILABLE,
    CACHE,
    FLOOR,
    NEWEST,
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


@per_core("sanity", matrix.SANITY_CORES)
def sanity(session: nox.Session, core: str) -> None:
    """ansible-test sanity on what is shipped, without a line to ignore."""
    install(session, f"core-{core}")
    place = CACHE / "sanity" / core
    package = next(Path(session.virtualenv.location).glob("lib/python*/site-packages/ansible_test"))
    get_pip.provide(package, place)
    home = Path.home()
    tree = trees.copy(place, trees.for_sanity)
    session.chdir(tree)
    left_out = matrix.SANITY_LEFT_OUT.get(core, {})
    for test, reason in left_out.items():
        session.log(f"not tested: {test} of ansible-test {core}: {reason}")
    skip = [f"--skip-test={test}" for test in left_out]
    session.run(
        *("ansible-test", "sanity", "--color", "no", "--junit", *skip, *session.posargs),
        env={
            # Its own home, so that nothing of it is left in the developer's; pip's settings and cache stay known.
            "HOME": str(place),
            "XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME", str(home / ".config")),
            "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(home / ".cache")),
            "PATH": os.pathsep.join([session.bin, pythons.link_all(CACHE / "pythons"), os.environ["PATH"]]),
        },
    )
    # Where it finds no file to look at, ansible-test is content.
    if not list(tree.glob("tests/output/junit/*.xml")):
        session.error("ansible-test looked at nothing")


@per_core("integration", matrix.CORES)
def integration(session: nox.Session, core: str) -> None:
    """Real playbooks against the simulator."""
    install(session, f"core-{core}")
    pytest(session, "tests/integration")


@per_core("smoke", matrix.SMOKE_CORES)
def smoke(session: nox.Session, core: str) -> None:
    """A few of them: modules from both faces, what is masked, the report plugin and the role."""
    install(session, f"core-{core}")
    places = ("test_smallest_task.py", "tasks/test_secrets.py", "report/test_situations.py::test_situation[works]")
    pytest(session, *(f"tests/integration/{place}" for place in (*places, "role/test_role.py::test_job_in_awx")))


@on(NEWEST)
def awx(session: nox.Session) -> None:
    """Playbooks as AWX and automation controllers start them: ansible-runner and ansible-navigator."""
    install(session, "awx")
    pytest(session, "tests/awx")


@on(FLOOR)
def awx_floor(session: nox.Session) -> None:
    """The same jobs with the oldest ansible-core that execution environments still have."""
    install(session, "awx_floor")
    pytest(session, "tests/awx/runner/test_jobs.py")


@on(NEWEST)
def eda(session: nox.Session) -> None:
    """The sample rulebooks with a real ansible-rulebook; skipped where there is no JDK."""
    install(session, "eda")
    pytest(session, "tests/eda")


@on(NEWEST)
def awx_setup(session: nox.Session) -> None:
    """The playbook that sets AWX up, with the real modules, against a stand-in for AWX's API."""
    install(session, "awx_setup")
    pytest(session, "tests/awx_setup")


@on(NEWEST)
def galaxy_importer(session: nox.Session) -> None:
    """What Galaxy says when the archive is uploaded; a warning is a failure."""
    install(session, "galaxy_importer")
    session.run("python", "tests/tools/galaxy_import.py", str(CACHE / "galaxy_importer"))


@on(NEWEST)
def lint(session: nox.Session) -> None:
    """Everything that is not Python code: YAML, documentation, changelog, licences, playbooks, workflow files."""
    install(session, "lint")
    # In a copy that has only what git knows: no caches, and at the place where Ansible expects a collection.
    session.chdir(trees.copy(CACHE / "lint"))
    env = clean_environment(ANSIBLE_COLLECTIONS_PATH=str(CACHE / "lint"))
    session.run("yamllint", "--strict", ".")
    session.run("reuse", "--root", ".", "lint", "--lines")
    session.run("antsibull-changelog", "lint", env=env)
    session.run(
        *("antsibull-docs", "lint-collection-docs", "--plugin-docs"),
        *("--validate-collection-refs", "all", "."),
        env=env,
    )
    session.run("ansible-lint", "--profile", "production", env=env)
    session.run("shellcheck", ".ci/run")
    workflows = sorted(str(path) for path in Path(".github/workflows").glob("*.yml"))
    session.run("check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows)


@per_core("unit", matrix.SMOKE_CORES | matrix.CORES, newest_tags=("check",))
def unit(session: nox.Session, core: str) -> None:
    """Unit tests; on the newest ansible-core with the coverage that we ask for.

    Some branches are for what only a newer ansible-core or Python does, so the older ones cannot reach them.
    """
    install(session, f"core-{core}")
    if core != matrix.NEWEST_CORE:
        pytest(session, "tests/unit")
        return
    data = CACHE / "coverage" / core
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir(parents=True)
    env = clean_environment(FGS_SIMULATOR_PYTHON=simulator_python(session), COVERAGE_FILE=str(data / "data"))
    session.run("coverage", "run", "-m", "pytest", "tests/unit", env=env)
    session.run("coverage", "combine", "--quiet", env=env)
    session.run("coverage", "report", env=env)


@on(sys.executable, tags=("test", "check"))
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


@on(sys.executable, venv_backend="none")
def simulator(session: nox.Session) -> None:
    """The simulator's own tests, with the official SDK as its client."""
    command = (simulator_python(session), "-m", "pytest", *(session.posargs or ["tests/simulator/tests"]))
    session.run(*command, env=clean_environment(PYTHONPATH="tests"), external=True)


@on(sys.executable, venv_backend="none")
def signing(session: nox.Session) -> None:
    """Our signatures compared with the official signer's."""
    command = (simulator_python(session), "-m", "pytest", *(session.posargs or ["tests/signing"]))
    session.run(*command, env=clean_environment(), external=True)


@on(NEWEST)
def docs(session: nox.Session) -> None:
    """The guide as a site, in .cache/docs, and its tests: links, pictures, examples, and looks in a browser."""
    install(session, "docs")
    session.run("python", "tests/tools/build_docs.py", str(CACHE / "docs"), env=clean_environment())
    pytest(session, "tests/docs", FGS_SITE=str(CACHE / "docs/build/html"))


@on(NEWEST)
def execution_environment(session: nox.Session) -> None:
    """What ansible-builder puts into an execution environment because of this collection."""
    install(session, "execution_environment")
    session.run("python", "tests/tools/execution_environment.py", str(CACHE / "execution_environment"))


@on(NEWEST)
def release_check(session: nox.Session) -> None:
    """Would the release be what we mean it to be?"""
    install(session, f"core-{matrix.NEWEST_CORE}")
    env = clean_environment(FGS_SIMULATOR_PYTHON=simulator_python(session))
    session.run("python", "tests/tools/release_check.py", str(CACHE / "release"), env=env)


for demo_core, wanted in reversed(matrix.CORES.items()):
    demo_python = matrix.choose(wanted, AVAILABLE)
    if demo_python:

        @on(demo_python)
        def demo(session: nox.Session, core: str = demo_core) -> None:
            """A run that waits, and a playbook that completes it: from the built archive, with everything real."""
            install(session, f"core-{core}")
            place = Path(session.virtualenv.location) / "collections"
            built = session.run("python", "tests/tools/archive.py", str(CACHE / "demo"), silent=True)
            command = ("ansible-galaxy", "collection", "install", "--offline", "--force", "-p", str(place))
            session.run(*command, str(built).strip(), silent=True)
            env = clean_environment(
                PYTHONPATH="",
                ANSIBLE_COLLECTIONS_PATH=str(place),
                FGS_SIMULATOR_PYTHON=simulator_python(session),
            )
            session.run("python", "tests/demo/demo.py", *session.posargs, env=env)

        break


@on(NEWEST, tags=())
def file(session: nox.Session) -> None:
    """The test file, or whatever else pytest understands, that is given after --."""
    install(session, f"core-{matrix.NEWEST_CORE}")
    pytest(session, "tests/unit")


@on(sys.executable, tags=(), name="format")
def bring_into_form(session: nox.Session) -> None:
    """Bring our Python code into form, and mend what can be mended without thinking."""
    install(session, "code")
    session.run("ruff", "check", "--fix-only", ".")
    session.run("ruff", "format", ".")


@on(sys.executable, tags=())
def pre_commit(session: nox.Session) -> None:
    """Let git run .pre-commit-config.yaml before each commit."""
    install(session, "pre_commit")
    session.run("pre-commit", "install")


@on(NEWEST, tags=())
def bench(session: nox.Session) -> None:
    """What a callback costs, measured against the simulator: tables and plot of docs/benchmarks.md.

    nox --session bench -- chaos limits measures the rest of that page again.
    """
    install(session, f"core-{matrix.NEWEST_CORE}")
    env = clean_environment(FGS_SIMULATOR_PYTHON=simulator_python(session))
    for program in session.posargs or ["speed", "milliseconds"]:
        session.run("python", f"tests/bench/{program}.py", "--write", env=env)
    session.run("python", "tests/tools/ratios.py")


@on(NEWEST, tags=())
def changelog(session: nox.Session) -> None:
    """Write changelogs/changelog.yaml and CHANGELOG.md from the fragments, for the version in galaxy.yml."""
    install(session, "lint")
    command = ("antsibull-changelog", "release", "--reload-plugins", "--refresh-fragments", "--update-existing")
    session.run(*command, *session.posargs, env=clean_environment())
