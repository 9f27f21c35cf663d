# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Why the service cannot be called as a task is configured, and the project of a task that names none.

Not imported by a callback whose credentials and project are set.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils import _options, _reads, _schema
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.signing import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.source import CredentialsError
from ansible_collections.functiongraph.workflow.plugins.module_utils._options.violations import region_meant

_NO_PROJECT = "project_id is unset and cannot be looked up without a region; set project_id or region."


class ConfigurationError(Exception):
    """The service cannot be called with these arguments, and nothing was sent to it. result has the keys that say why.

    Nothing in a callback is the reason: with other credentials or addresses, or later, it may be delivered.
    """

    def __init__(self, message: str, **result: t.Any) -> None:
        super().__init__(message)
        self.result = {name: value for name, value in result.items() if value is not None}


def without_credentials(error: CredentialsError) -> ConfigurationError:
    """Why the service cannot be called, where error says why there are no credentials."""
    violations = None if error.violations is None else [violation._asdict() for violation in error.violations]
    return ConfigurationError(str(error), hint=error.hint, violations=violations)


def project_problem(task: t.Any, credentials: t.Optional[Credentials]) -> t.Optional[str]:
    """Why the project cannot be looked up, as far as that is known without a request; None where it can be.

    credentials are None where they are not known yet, as those of an ECS.
    """
    of_file = None if credentials is None else credentials.project_id
    return None if task.project_id or of_file or task.addresses.region else _NO_PROJECT


def project_of(task: t.Any, credentials: Credentials) -> str:
    """The project of the credentials: of their file, or looked up in IAM. Raises ConfigurationError."""
    project_id = credentials.project_id or _look_up_project(task, credentials)
    for violation in _schema.argument_violations(task.OPERATION, {"project_id": project_id}):
        if violation.option == "project_id":
            raise ConfigurationError("The project of these credentials is not valid: %s." % violation.message)
    return project_id


def _look_up_project(task: t.Any, credentials: Credentials) -> str:
    region, iam_endpoint = task.addresses.region, task.addresses.iam(credentials.iam_endpoint)
    if not iam_endpoint or not region:
        raise ConfigurationError(_NO_PROJECT)
    wrong = _options.endpoint_violation("iam_endpoint", iam_endpoint)
    if wrong is not None:
        raise ConfigurationError("The credentials file is not valid: %s." % wrong.message)
    client = task.client(iam_endpoint, credentials)
    try:
        meant = region_meant(region)
        return _reads.find_project(client, region, credentials.key(), task.attempts.renewed(), meant)
    except _reads.ReadError as error:
        raise ConfigurationError(str(error), hint=error.hint, **error.fields()) from None
