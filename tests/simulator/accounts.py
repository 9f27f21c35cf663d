# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The accounts of the simulator. Every secret is unique text, so that a test can search any output for it."""

from __future__ import annotations

from dataclasses import dataclass, field

REGION = "cn-north-4"
PROJECT_ID = "0c5imu1at0rpr0ject00000000000001"
OTHER_PROJECT_ID = "0c5imu1at0rpr0ject00000000000002"
WORKFLOW_ID = "5e1f0a11-0000-4000-8000-00000000f10e"

PROXY_USER = "proxyuser"
PROXY_PASSWORD = "proxy-Passw0rd-secret"


@dataclass(frozen=True)
class Account:
    """One caller: a pair of keys, keys with a security token, or an IAM token alone.

    projects are those that IAM lists, not those that it may use. forbidden concerns FunctionGraph only: such an account
    can still look up its project. callback_only: it may call back, and nothing else.
    """

    name: str
    access_key: str = ""
    secret_key: str = ""
    security_token: str = ""
    auth_token: str = ""
    projects: tuple[str, ...] = (PROJECT_ID,)
    expired: bool = False
    forbidden: bool = False
    callback_only: bool = False

    def credentials(self) -> dict[str, str]:
        """The credentials of this account."""
        names = ("access_key", "secret_key", "security_token", "auth_token")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


STANDING = (
    Account("permanent", "AKSIMULATOR000000001", "SKsimulatorPermanentSecret000000000000001"),
    Account(
        "temporary",
        "AKSIMULATOR000000002",
        "SKsimulatorTemporarySecret000000000000002",
        "STsimulatorSecurityToken0000000000000000000000000002",
    ),
    Account("token", auth_token="TKsimulatorIamToken00000000000000000000000000000003"),
    Account("expired_token", auth_token="TKsimulatorExpiredIamToken000000000000000000000004", expired=True),
    Account("no_project", "AKSIMULATOR000000005", "SKsimulatorNoProjectSecret000000000000005", projects=()),
    Account(
        "several_projects",
        "AKSIMULATOR000000006",
        "SKsimulatorSeveralProjectsSecret000000006",
        projects=(PROJECT_ID, OTHER_PROJECT_ID),
    ),
    Account("forbidden", "AKSIMULATOR000000007", "SKsimulatorForbiddenSecret000000000000007", forbidden=True),
    Account(
        "expired_temporary",
        "AKSIMULATOR000000008",
        "SKsimulatorExpiredTemporarySecret00000008",
        "STsimulatorExpiredSecurityToken000000000000000000008",
        expired=True,
    ),
    Account("callback_only", "AKSIMULATOR000000009", "SKsimulatorCallbackOnlySecret000000000009", callback_only=True),
)


@dataclass
class Accounts:
    """The accounts of one simulator: the standing ones, and those that a test adds."""

    everyone: list[Account] = field(default_factory=lambda: list(STANDING))

    def add(self, account: Account) -> None:
        """Add an account; one with the same access key is replaced."""
        replaced = self.by_access_key(account.access_key)
        self.everyone = [known for known in self.everyone if known is not replaced]
        self.everyone.append(account)

    def by_access_key(self, access_key: str) -> Account | None:
        """The account with that access key."""
        return next((one for one in self.everyone if one.access_key and one.access_key == access_key), None)

    def by_auth_token(self, auth_token: str) -> Account | None:
        """The account with that IAM token."""
        return next((one for one in self.everyone if one.auth_token and one.auth_token == auth_token), None)

    def named(self, name: str) -> Account:
        """A standing account."""
        return next(one for one in self.everyone if one.name == name)

    def published(self) -> dict[str, object]:
        """All of them, for GET /_simulator/accounts."""
        shown: dict[str, object] = {account.name: account.credentials() for account in self.everyone}
        shown.update(region=REGION, project_id=PROJECT_ID, other_project_id=OTHER_PROJECT_ID, workflow_id=WORKFLOW_ID)
        shown.update(proxy={"user": PROXY_USER, "password": PROXY_PASSWORD})
        return shown
