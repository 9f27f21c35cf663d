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
  - Reports the end of a playbook to a FunctionGraph workflow that waits at a callback node. The playbook is unchanged.
  - It reports once per run of C(ansible-playbook), after everything else, with C(fail) if the exit code is not 0,
    or if nothing was done, because no host matched or the task of C(--start-at-task) was not found. Everything else is
    C(success), including failures that were rescued, ignored or cleared by C(clear_host_errors).
  - A run that is interrupted after its first playbook was read, by an error, Ctrl-C, SIGTERM or SIGHUP, is reported
    as C(fail) too. Nothing can be reported if the playbook cannot be read, if C(--limit) matches no host of the
    inventory, because Ansible then exits before it loads plugins, or after SIGKILL, with which AWX cancels jobs and
    ends those that exceed their timeout.
  - A signal while a report is sent interrupts the report. It is then saved in O(undelivered_path), with a warning.
    Further signals interrupt neither saving nor a report that is sent because of a signal. A signal that is ignored
    when the plugin starts, for example by C(nohup), stays ignored.
  - It does nothing unless it finds the IDs of the waiting state. It takes them from the extra vars C(fgs_workflow_id),
    C(fgs_workflow_run_id) and C(fgs_workflow_state_id), or, if none of these is set, from the environment
    (E(FGS_WORKFLOW_ID), E(FGS_WORKFLOW_RUN_ID), E(FGS_WORKFLOW_STATE_ID)). In place of the ID of the state it takes its
    name, C(fgs_workflow_state_name) or E(FGS_WORKFLOW_STATE_NAME), and looks the ID up when it reports. An empty value
    is treated as unset.
    Extra vars may be templates, which can use the variables of the first play if these can be loaded. Values that AWX
    marks as unsafe are not rendered.
  - It does nothing if the playbook has already completed this state with
    M(functiongraph.workflow.fgs_workflow_callback), in a run with the extra var C(fgs_workflow_report=false), and,
    if that extra var is unset, in a run that has a play with the variable C(fgs_workflow_report=false).
  - The C(output) contains the data that the playbook published with M(ansible.builtin.set_stats). Under C(ansible) it
    contains the recap by host, with the data that each host published for itself (C(per_host)), the failed task with
    its message, whether check mode was on, and in AWX the link to the job. If the playbook publishes C(ansible) itself,
    that is sent instead of the recap.
  - Published data that cannot be sent is left out, and its names are listed in C(published_left_out) under C(ansible).
    This applies to values that JSON does not support, such as NaN and infinity, to data nested more than 200 levels
    deep, to the largest values if all of them exceed 11.9 MB as JSON, and to all data if the service refuses it as too
    large.
  - The data under C(ansible) is limited to 16384 bytes as JSON, of which the message may have 4096. Failed hosts come
    first. Hosts that do not fit are counted in C(hosts_left_out).
  - The C(error) consists of host, task and first useful line, separated by colons, shortened to the 64 characters that
    the service allows.
  - Arguments of tasks are never sent. Of tasks under C(no_log) only the name is sent, not the data that they publish.
    Secrets that this plugin knows are redacted everywhere.
  - In check mode it shows what it would send, and sends nothing. It publishes C(fgs_workflow_check_mode=true) as
    M(ansible.builtin.set_stats) does, so that the next job in an AWX workflow reports nothing either, see
    C(functiongraph.workflow.callback).
notes:
  - Credentials come from the same sources as for the modules, environment, credentials file or ECS agency, see
    M(functiongraph.workflow.fgs_workflow_callback). They are never options of this plugin.
  - Region, endpoints and project are taken from the environment variables of the modules if the options of this plugin
    are unset.
  - Callback plugins are enabled by C(callbacks_enabled) in the section C([defaults]) of C(ansible.cfg). AWX reads the
    one at the root of the project. Extra vars cannot enable them.
  - An option of this plugin with an invalid value, for example a O(timeout) that is not a number or out of range, is
    treated as unset, with a warning. An invalid O(region), O(endpoint), O(iam_endpoint), O(project_id) or O(ca_path)
    prevents the report, because a default would send it elsewhere. So does an invalid O(credentials_file) if the
    environment has no keys.
  - With O(strict=true), if the report fails, plugins listed after this one in C(callbacks_enabled) do not receive the
    end of the run. List this plugin last.
requirements:
  - enabled by C(callbacks_enabled)
  - requests >= 2.25
  - jsonschema >= 3.2
options:
  strict:
    description:
      - Whether C(ansible-playbook) exits with a code other than 0 if the end could not be reported, or if an option of
        this plugin is invalid.
      - A problem that is known before the first task, for example an unset ID or missing credentials, ends
        C(ansible-playbook) before any work is done.
    type: bool
    default: false
    env:
      - name: FGS_REPORT_STRICT
    ini:
      - section: fgs_workflow_report
        key: strict
  no_hosts:
    description:
      - What to report if no host matched any play. Ansible itself treats that as a success.
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
      - When to read the run, as for the module.
      - With V(always) a second report of the same outcome is not an error. If the run cannot be read, the report is
        sent with a warning.
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
      - A file in which to save a report that could not be delivered, if it may be delivered later, or with other
        credentials, permissions or addresses, as for the module. For a directory, a file is created in it.
      - In a directory each workflow, run and state has its own file. An existing file is replaced by that of a later
        run.
      - The file contains variables but no secrets. Its comments say when and why it was saved, and which command sends
        it. The playbook C(functiongraph.workflow.callback) sends it later, and then removes it.
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
      - The ID of the project. If unset, it is looked up in IAM by the region.
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
      - Whether to get temporary keys from the metadata service of the ECS on which Ansible runs, if no other source
        has credentials.
    type: bool
    default: false
    env:
      - name: FGS_REPORT_USE_ECS_AGENCY
    ini:
      - section: fgs_workflow_report
        key: use_ecs_agency
  validate_certs:
    description:
      - Whether to verify server certificates. Set it to V(false) only in tests.
    type: bool
    default: true
    env:
      - name: FGS_REPORT_VALIDATE_CERTS
    ini:
      - section: fgs_workflow_report
        key: validate_certs
  ca_path:
    description:
      - A file or directory of CA certificates to trust instead of the default ones.
    type: path
    env:
      - name: FGS_REPORT_CA_PATH
    ini:
      - section: fgs_workflow_report
        key: ca_path
  timeout:
    description:
      - The timeout in seconds of one whole attempt, from connecting to the last byte read.
    type: float
    default: 30.0
    env:
      - name: FGS_REPORT_TIMEOUT
    ini:
      - section: fgs_workflow_report
        key: timeout
  retries:
    description:
      - The maximum number of retries of a request, and of a connection, as for the module.
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
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report import launched
from ansible_collections.functiongraph.workflow.plugins.plugin_utils._report.reporter import Reporter

_OPTIONS = (*_report.OPTIONS, "strict", "no_hosts")


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Passes events to the Reporter. Disables itself if there is nothing to report."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "functiongraph.workflow.fgs_workflow_report"
    CALLBACK_NEEDS_ENABLED = True

    # Set before any other event.
    _reporter: Reporter
    _wrong_options: t.Sequence[str] = ()
    _defaults: t.Mapping[str, t.Any] = types.MappingProxyType({})

    def set_options(self, task_keys: t.Any = None, var_options: t.Any = None, direct: t.Any = None) -> None:
        # AWX sets empty optional fields to '', which is neither a number nor a boolean.
        for name in [name for name, value in os.environ.items() if name.startswith("FGS_REPORT_") and not value]:
            del os.environ[name]
        # Ansible skips a plugin with an invalid option and continues: then nothing would be reported.
        self._defaults, self._wrong_options = self._without_wrong_options(task_keys, var_options, direct)
        super().set_options(task_keys=task_keys, var_options=var_options, direct={**(direct or {}), **self._defaults})

    def _option(self, name: str) -> t.Any:
        # Ansible does not accept None, the default of undelivered_path, as a replacement for an invalid value.
        return self._defaults[name] if name in self._defaults else self.get_option(name)

    def _without_wrong_options(
        self, task_keys: t.Any, var_options: t.Any, direct: t.Any
    ) -> tuple[dict[str, t.Any], list[str]]:
        """Returns the defaults of options with invalid values, and a sentence about each."""
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
        """Raises TypeError if an option is not a boolean: Ansible converts any other value to false."""
        parser = configparser.ConfigParser(inline_comment_prefixes=(";",))
        parser.read(C.CONFIG_FILE or [], encoding="utf-8")
        in_file = parser.get("fgs_workflow_report", name, raw=True, fallback=None)
        value = os.environ.get("FGS_REPORT_" + name.upper(), in_file)
        if value is not None:
            boolean(value)

    @staticmethod
    def _check_limits(name: str, value: t.Any) -> None:
        """Raises ValueError if the module would refuse the value.

        Not for options about destination and credentials: a default would report elsewhere, or with another identity.
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
        # Ignore all other events until there is a reporter.
        self.disabled = True
        run = PlaybookRun.current()
        launch = launched.launch(run, playbook, os.environ) if run is not None else None
        if run is None or launch is None or not (launch.ids or launch.problems):
            return
        options = {name: self._option(name) for name in _OPTIONS}
        self._reporter = Reporter(run, launch, options, self._wrong_options, dict(os.environ), self._display)
        # Before start: even if that raises, Ansible continues, and the end must be reported.
        self.disabled = False
        run.playbook_starts()
        self._reporter.start(playbook)

    def report_role(self, run: PlaybookRun, launch: launched.Launch, options: t.Mapping[str, t.Any]) -> Reporter:
        """Enables the report for the role, in case the run ends before the role reports. options are the role's."""
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
