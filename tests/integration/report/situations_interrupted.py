# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Playbooks that Ansible itself interrupts, so that callback plugins learn of no end."""

from __future__ import annotations

from situation import Situation, meta, play, task, works

INTERRUPTED = {
    "second_playbook_unreadable": Situation(
        "A later playbook of the command line cannot be read",
        [play(works())],
        "fail",
        "aborted: …",
        (1, 4),
        more={"second.yml": "- hosts: all\n  tasks: nonsense\n"},
    ),
    "included_unreadable": Situation(
        "An included tasks file cannot be read",
        [play(works(), task("bring in", "include_tasks", "{{ playbook_dir }}/included.inc"))],
        "fail",
        "…",
        (1, 2, 4),
        more={"included.inc": "- name: no action at all\n"},
    ),
    "variables_broken": Situation(
        "A file of variables of the first play cannot be read",
        [play(works(), vars_files=["variables.inc"])],
        "fail",
        "aborted: …",
        (1, 4),
        more={"variables.inc": "a: [\n"},
    ),
    "vault_without_password": Situation(
        "A file of variables of the first play is a vault, and no password is given",
        [play(works(), vars_files=["variables.inc"])],
        "fail",
        "aborted: …",
        (1, 4),
        more={"variables.inc": "$ANSIBLE_VAULT;1.1;AES256\n3061\n"},
    ),
    "hosts_undefined": Situation(
        "The hosts of the first play are an undefined variable",
        [play(works(), hosts="{{ nobody_knows }}")],
        "fail",
        "aborted: …",
        (1, 4),
    ),
    "later_hosts_undefined": Situation(
        "The hosts of a later play are an undefined variable",
        [play(works()), play(works(), hosts="{{ nobody_knows }}")],
        "fail",
        "aborted: …",
        (1, 4),
    ),
    "meta_fails": Situation(
        "A condition of ``meta`` cannot be evaluated",
        [play(works(), meta("clear_facts", when="nobody.knows == 1"))],
        "fail",
        "…",
        (1, 2, 4, 250),
    ),
}
