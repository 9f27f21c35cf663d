# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: fgs_workflow_report
type: notification
short_description: Report the end of any playbook to a waiting Huawei Cloud FunctionGraph workflow
version_added: 1.0.0
author:
  - functiongraph.workflow contributors (@functiongraph)
description:
  - Tells a FunctionGraph workflow that waits at a callback node how a playbook ended, without a change to the playbook.
  - It reports once per run of C(ansible-playbook), after everything else, with C(fail) exactly where the exit code is
    not 0, and where nothing was done, because no host matched or no task to start at was found. Everything else is
    C(success), also failures that were rescued, ignored or forgiven by C(clear_host_errors).
  - A run that breaks off after its first playbook was read, because of an error, Ctrl-C, SIGTERM or SIGHUP, is reported
    as C(fail) too. Nothing can be reported of a playbook that cannot be read at all, of a C(--limit) that matches no
    host of the inventory, as Ansible ends before it loads plugins, nor after SIGKILL, which is how AWX cancels a job
    and ends one that takes too long.
  - A signal that comes while a report is sent interrupts it. The report is then saved in O(undelivered_path), and a
    warning says what is known. Further signals interrupt neither that nor a report that is sent because of a signal. A
    signal that is ignored when the plugin starts, as by C(nohup), stays ignored.
  - It is silent unless it finds the IDs of the state that waits. It takes them from the extra vars C(fgs_workflow_id),
    C(fgs_workflow_run_id) and C(fgs_workflow_state_id), or, where none of these is given, from the environment
    (E(FGS_WORKFLOW_ID), E(FGS_WORKFLOW_RUN_ID), E(FGS_WORKFLOW_STATE_ID)). An empty value counts as not given. Extra
    vars may be templates, of the variables of the first play too where these can be loaded; those that AWX marks as
    unsafe are taken as they are.
  - It does nothing where the playbook already completed this state with
    M(functiongraph.workflow.fgs_workflow_callback), in a run with the extra var C(fgs_workflow_report=false), and,
    where that extra var is unset, in a run that has a play with the variable C(fgs_workflow_report=false).
  - The C(output) is what the playbook published with M(ansible.builtin.set_stats), and under C(ansible) the recap by
    host with what a host published for itself (C(per_host)), the failed task with its message, whether it was a check,
    and in AWX the link to the job. Where the playbook publishes C(ansible) itself, that is sent and the recap is not.
  - What was published and cannot be sent is left out, and named in C(published_left_out) under C(ansible). That is what
    JSON does not have, such as NaN and infinity, what is nested more than 200 levels deep, the largest of what is more
    than 11.9 MB as JSON, and all of it where the service refuses it as too large.
  - What stands under C(ansible) takes at most 16384 bytes as JSON, the message 4096 of them. Failed hosts come first;
    hosts that find no room are counted in C(hosts_left_out).
  - The C(error) is host, task and first useful line, with colons in between, shortened to the 64 characters that the
    service allows.
  - Arguments of tasks are never sent, and of tasks under C(no_log) nothing but the name, so that what these publish is
    not sent either. Secrets that this plugin knows are replaced everywhere.
  - In check mode it says what it would send, and sends nothing. It publishes C(fgs_workflow_check_mode=true) as
    M(ansible.builtin.set_stats) does, so that a job of AWX behind this one reports nothing either, see
    C(functiongraph.workflow.callback).
notes:
  - Credentials are those of the modules, by environment, credentials file or ECS agency, see
    M(functiongraph.workflow.fgs_workflow_callback). They are never options of this plugin.
  - Region, endpoints and project are taken from the environment variables of the modules too, where the options of this
    plugin do not give them.
  - Callback plugins are switched on by C(callbacks_enabled) in the section C([defaults]) of C(ansible.cfg), for AWX of
    the one at the root of the project. Extra vars cannot do that.
  - An option of this plugin whose value is wrong, such as a O(timeout) that is no number or out of range, counts as
    unset, with a warning. A wrong O(region), O(endpoint), O(iam_endpoint), O(project_id) or O(ca_path) prevents the
    report, as a default would send it elsewhere, and so does a wrong O(credentials_file) where the environment has no
    keys.
  - With O(strict=true) plugins that stand behind this one in C(callbacks_enabled) are not told of the end of the run
    where the report failed. So let it be the last.
requirements:
  - enabled by C(callbacks_enabled)
  - requests >= 2.25
  - jsonschema >= 3.2
options:
  strict:
    description:
      - Whether C(ansible-playbook) ends with an exit code other than 0 where the end could not be reported, or where an
        option of this plugin is wrong.
      - What is known before the first task to prevent the report, for example an unset ID or missing credentials, ends
        C(ansible-playbook) then, before any work is done.
    type: bool
    default: false
    env:
      - name: FGS_REPORT_STRICT
    ini:
      - section: fgs_workflow_report
        key: strict
  no_hosts:
    description:
      - What a playbook counts as when no host matched any of its plays. Ansible itself calls that a success.
    type: str
    choices: [fail, ignore]
    default: fail
    env:
      - name: FGS_REPORT_NO_HOSTS
    ini:
      - section: fgs_workflow_report
        key: no_hosts
  confirm:
    description:
      - When to read the run back, as for the module.
      - With V(always) a second report of the same outcome is no error. Where the run cannot be read, it is sent with a
        warning.
    type: str
    choices: [never, when_unknown, always]
    default: always
    env:
      - name: FGS_REPORT_CONFIRM
    ini:
      - section: fgs_workflow_report
        key: confirm
  undelivered_path:
    description:
      - A file, or a folder in which a file is made, to keep a report that could not be delivered for reasons of the
        network or the gateway, or because its outcome is unknown.
      - In a folder each workflow, run and state has a file of its own. A file that is named here is replaced by that of
        a later run.
      - It holds variables and no secrets, and the playbook C(functiongraph.workflow.callback) sends it later.
    type: path
    env:
      - name: FGS_REPORT_UNDELIVERED_PATH
    ini:
      - section: fgs_workflow_report
        key: undelivered_path
  region:
    description:
      - The region, for example V(cn-north-4).
    type: str
    env:
      - name: FGS_REPORT_REGION
    ini:
      - section: fgs_workflow_report
        key: region
  endpoint:
    description:
      - The address of FunctionGraph.
    type: str
    env:
      - name: FGS_REPORT_ENDPOINT
    ini:
      - section: fgs_workflow_report
        key: endpoint
  iam_endpoint:
    description:
      - The address of IAM.
    type: str
    env:
      - name: FGS_REPORT_IAM_ENDPOINT
    ini:
      - section: fgs_workflow_report
        key: iam_endpoint
  project_id:
    description:
      - The ID of the project. Looked up in IAM by the region where it is not given.
    type: str
    env:
      - name: FGS_REPORT_PROJECT_ID
    ini:
      - section: fgs_workflow_report
        key: project_id
  credentials_file:
    description:
      - The credentials file, as for the module.
    type: path
    env:
      - name: FGS_REPORT_CREDENTIALS_FILE
    ini:
      - section: fgs_workflow_report
        key: credentials_file
  use_ecs_agency:
    description:
      - Whether to get temporary keys from the metadata service of the ECS on which Ansible runs, where nothing else
        gives credentials.
    type: bool
    default: false
    env:
      - name: FGS_REPORT_USE_ECS_AGENCY
    ini:
      - section: fgs_workflow_report
        key: use_ecs_agency
  validate_certs:
    description:
      - Whether to check the certificates of servers. Set it to V(false) only in tests.
    type: bool
    default: true
    env:
      - name: FGS_REPORT_VALIDATE_CERTS
    ini:
      - section: fgs_workflow_report
        key: validate_certs
  ca_path:
    description:
      - A file or folder of CA certificates to trust instead of the usual ones.
    type: path
    env:
      - name: FGS_REPORT_CA_PATH
    ini:
      - section: fgs_workflow_report
        key: ca_path
  timeout:
    description:
      - Seconds that one attempt may take as a whole, from connecting to the last byte read.
    type: float
    default: 30.0
    env:
      - name: FGS_REPORT_TIMEOUT
    ini:
      - section: fgs_workflow_report
        key: timeout
  retries:
    description:
      - How often a request is sent again at most, and a connection tried again, as for the module.
    type: int
    default: 3
    env:
      - name: FGS_REPORT_RETRIES
    ini:
      - section: fgs_workflow_report
        key: retries
seealso:
  - module: functiongraph.workflow.fgs_workflow_callback
"""

import configparser
import os
import types
import typing as t

from ansible import constants as C
from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.callback import CallbackBase

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options
from ansible_collections.functiongraph.workflow.plugins.module_utils._delivery import undelivered
from ansible_collections.functiongraph.workflow.plugins.plugin_utils import _report
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._playbook.run import PlaybookRun
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._reporter import Reporter

_OPTIONS = (*_report.OPTIONS, "strict", "no_hosts")


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Hands what happens to the Reporter. Switches itself off where there is nothing to report."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "functiongraph.workflow.fgs_workflow_report"
    CALLBACK_NEEDS_ENABLED = True

    # Set before any other event comes.
    _reporter: Reporter
    _wrong_options: t.Sequence[str] = ()
    _defaults: t.Mapping[str, t.Any] = types.MappingProxyType({})

    def set_options(self, task_keys: t.Any = None, var_options: t.Any = None, direct: t.Any = None) -> None:
        # AWX fills optional fields that were left empty with '', which is no number and no boolean.
        for name in [name for name, value in os.environ.items() if name.startswith("FGS_REPORT_") and not value]:
            del os.environ[name]
        # Ansible does not load a plugin with a wrong option, and goes on: then nobody would report.
        self._defaults, self._wrong_options = self._without_wrong_options(task_keys, var_options, direct)
        super().set_options(task_keys=task_keys, var_options=var_options, direct={**(direct or {}), **self._defaults})

    def _option(self, name: str) -> t.Any:
        # To Ansible None, the default of undelivered_path, is no value to take instead of a wrong one.
        return self._defaults[name] if name in self._defaults else self.get_option(name)

    def _without_wrong_options(
        self, task_keys: t.Any, var_options: t.Any, direct: t.Any
    ) -> tuple[dict[str, t.Any], list[str]]:
        """The defaults of options that Ansible or the module cannot take, and a sentence on each."""
        defaults: dict[str, t.Any] = {}
        sentences: list[str] = []
        for name, definition in C.config.get_configuration_definitions("callback", self._load_name).items():
            try:
                value = C.config.get_config_value(
                    name,
                    plugin_type="callback",
                    plugin_name=self._load_name,
                    keys=task_keys,
                    variables=var_options,
                    direct=direct,
                )
                if definition.get("type") == "bool":
                    self._check_boolean(name)
                self._check_limits(name, value)
            except (AnsibleError, TypeError, ValueError) as error:
                defaults[name] = definition.get("default")
                reason = " ".join(str(error).split()).rstrip(".")
                sentences.append("option %s is invalid and treated as unset: %s." % (name, reason))
        return defaults, sentences

    @staticmethod
    def _check_boolean(name: str) -> None:
        """Raises TypeError where an option is neither true nor false: Ansible takes all that is not true as false."""
        parser = configparser.ConfigParser(inline_comment_prefixes=(";",))
        parser.read(C.CONFIG_FILE or [], encoding="utf-8")
        in_file = parser.get("fgs_workflow_report", name, raw=True, fallback=None)
        value = os.environ.get("FGS_REPORT_" + name.upper(), in_file)
        if value is not None:
            boolean(value)

    @staticmethod
    def _check_limits(name: str, value: t.Any) -> None:
        """Raises ValueError where the module would refuse the value.

        Not for options that say where and as whom to report: a default would report elsewhere, or as somebody else.
        """
        violations = _options.limit_violations({name: value})
        if name == "undelivered_path" and value:
            violations.extend(filter(None, [undelivered.violation(value)]))
        for violation in violations:
            raise ValueError(violation.message)

    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        if hasattr(self, "_reporter"):
            self._reporter.recap.playbook(playbook)
            self._reporter.run.playbook_starts()
            return
        # Until there is a reporter, no other event is of use.
        self.disabled = True
        run = PlaybookRun.current()
        launch = _report.launch(run, playbook, os.environ) if run is not None else None
        if run is None or launch is None or not (launch.ids or launch.problems):
            return
        options = {name: self._option(name) for name in _OPTIONS}
        self._reporter = Reporter(run, launch, options, self._wrong_options, dict(os.environ), self._display)
        # Before start: whatever that may raise, Ansible goes on, and the end is to be reported.
        self.disabled = False
        run.playbook_starts()
        self._reporter.start(playbook)

    def report_role(self, run: PlaybookRun, launch: _report.Launch, options: t.Mapping[str, t.Any]) -> Reporter:
        """Reports for the role, whose options these are, an end that does not come to the role's own report."""
        options = {**options, "strict": True, "no_hosts": "ignore"}
        self._reporter = Reporter(run, launch, options, [], dict(os.environ), self._display, is_of_role=True)
        return self._reporter

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        self._reporter.recap.play(play)

    def v2_playbook_on_no_hosts_matched(self) -> None:
        self._reporter.recap.play_without_hosts()

    def v2_playbook_on_task_start(self, task: t.Any, is_conditional: bool) -> None:
        self._reporter.recap.task(task)

    def v2_runner_on_ok(self, result: t.Any) -> None:
        self._reporter.ok(result)

    def v2_runner_item_on_ok(self, result: t.Any) -> None:
        self._reporter.recap.ok(result, is_item=True)

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        self._reporter.failed(result)

    def v2_runner_item_on_failed(self, result: t.Any) -> None:
        self._reporter.recap.item_failed(result)

    def v2_runner_on_unreachable(self, result: t.Any) -> None:
        self._reporter.failed(result)

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        self._reporter.end(stats)
