# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is private to the collection: breaking changes can come with any release.

"""
Who calls: the credentials, from the first of the sources that is set.

The only room that reads secrets. An empty value counts as unset.
"""

from __future__ import annotations

import typing as t

from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.options import Options
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.signing import Credentials
from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.source import CredentialsError, Source
from ansible_collections.functiongraph.workflow.plugins.module_utils._options import ENVIRONMENT, SECRET_OPTIONS
from ansible_collections.functiongraph.workflow.plugins.module_utils._redaction import Redactor

if t.TYPE_CHECKING:
    from ansible_collections.functiongraph.workflow.plugins.module_utils._schema.violations import Violation


def _all() -> t.Iterator[type[Source]]:
    """All sources, in their order.

    Each is imported where none before it is set: Ansible compiles what is imported at each start.
    """
    yield Options
    from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.environment import Environment

    yield Environment
    from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.file import CredentialsFile

    yield CredentialsFile
    from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.agency import Agency

    yield Agency


def learn(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], redactor: Redactor) -> None:
    """Makes the secrets of options and environment, those of proxies too, known to redactor, used or not."""
    redactor.add(*(options.get(name) for name in SECRET_OPTIONS))
    redactor.add(*(environ.get(variable) for name in SECRET_OPTIONS for variable in ENVIRONMENT[name]))
    for name, proxy in environ.items():
        if name.lower().endswith("_proxy"):
            from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials import proxies

            redactor.add(*proxies.secrets_of(proxy))


def _used(
    sources: t.Iterable[type[Source]],
    options: t.Mapping[str, t.Any],
    environ: t.Mapping[str, str],
    redactor: Redactor,
) -> t.Optional[Source]:
    """The first of sources that is set."""
    learn(options, environ, redactor)
    made = (source(options, environ, redactor) for source in sources)
    return next((source for source in made if source.is_set()), None)


def violations(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], redactor: Redactor) -> list[Violation]:
    """What single values of the credentials that would be used break. Nothing is sent to find out."""
    source = _used(_all(), options, environ, redactor)
    return [] if source is None else source.validate()


def find(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str], redactor: Redactor) -> Credentials:
    """The credentials to use. Every secret that is met is made known to redactor. Raises CredentialsError."""
    source = _used(_all(), options, environ, redactor)
    if source is not None:
        credentials: Credentials = source.authenticate()
        return credentials
    from ansible_collections.functiongraph.workflow.plugins.module_utils._credentials.file import DEFAULT_FILE

    raise CredentialsError(
        "No credentials are set; set access_key and secret_key, or auth_token, as options or environment variables.",
        "In AWX attach a credential to the job template; elsewhere set %s and %s, or write %s."
        % (ENVIRONMENT["access_key"][0], ENVIRONMENT["secret_key"][0], DEFAULT_FILE),
    )


__all__ = ("Credentials", "CredentialsError", "find", "learn", "violations")
