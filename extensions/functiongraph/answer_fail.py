# Copyright (c) 2026, the functiongraph.workflow contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An example of the FunctionGraph function that answers "fail" for a job that has not answered in time.

Its handler is answer_fail.handler, and it needs nothing but Python. Put it after a wait node, in a branch of a parallel
node; another branch ends with the callback node. Settings, in its environment variables:

    FUNCTIONGRAPH_ENDPOINT  https://functiongraph.REGION.myhuaweicloud.com; http is for loopback addresses only
    PROJECT_ID              the ID of the project in that region
    ACCESS_KEY, SECRET_KEY  of an IAM user who may send callbacks and no more; tick "encrypted"
    CALLBACK_STATE_ID       the ID of the callback node in the definition, as functiongraph.workflow.check lists it
    ERROR                   optional, 1 to 64 characters; "no job has answered in time" by default

The ID that the service takes for a state is most likely the one of the definition.

The function fails in any case, with TimeIsOver after its answer and with AnswerError without: if it ended with success,
its branch could end the parallel node with success, and the workflow would continue as if the job had succeeded.
"""

import hashlib
import hmac
import http.client
import json
import re
import time
import typing as t
import urllib.error
import urllib.parse
import urllib.request

SECONDS = 20
LARGEST_RESPONSE = 64 * 1024
LONGEST_ERROR = 64
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class AnswerError(Exception):
    """The state was not answered. The message never holds a key."""


class TimeIsOver(Exception):
    """The state was answered with fail."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_redirect: t.Any) -> None:
        """A redirect would take the signature to another address."""


def setting(context: t.Any, name: str) -> str:
    """A setting of the function. Raises AnswerError when it is empty, or cannot be part of a header or an address."""
    value: str = (context.getUserData(name) or "").strip()
    if not re.match(r"[!-~]+\Z", value):
        raise AnswerError(f"The function needs the setting {name}, in ASCII without whitespace.")
    return value


def endpoint_of(context: t.Any) -> str:
    """The address of FunctionGraph, without a path. Raises AnswerError."""
    endpoint = setting(context, "FUNCTIONGRAPH_ENDPOINT").rstrip("/")
    scheme, host = endpoint.partition("://")[::2]
    try:
        is_loopback = urllib.parse.urlsplit(endpoint).hostname in LOOPBACK
    except ValueError:
        is_loopback, host = False, ""
    if not (scheme == "https" or (scheme == "http" and is_loopback)) or not host or re.search(r"[@/?#]", host):
        raise AnswerError("FUNCTIONGRAPH_ENDPOINT must be like https://functiongraph.cn-north-4.myhuaweicloud.com.")
    return endpoint


def authorization(url: str, headers: t.Dict[str, str], body: bytes, access_key: str, secret_key: str) -> str:
    """The header that signs a POST without a query (SDK-HMAC-SHA256)."""
    signed = {name.lower(): value for name, value in headers.items()}
    names = ";".join(sorted(signed))
    path = urllib.parse.quote(urllib.parse.unquote(urllib.parse.urlsplit(url).path), "/~") + "/"
    lines = [f"{name}:{signed[name]}" for name in sorted(signed)]
    request = "\n".join(["POST", path, "", *lines, "", names, hashlib.sha256(body).hexdigest()])
    text = "\n".join(["SDK-HMAC-SHA256", signed["x-sdk-date"], hashlib.sha256(request.encode()).hexdigest()])
    signature = hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).hexdigest()
    return f"SDK-HMAC-SHA256 Access={access_key}, SignedHeaders={names}, Signature={signature}"


def send(url: str, headers: t.Dict[str, str], body: bytes, secrets: t.Iterable[str]) -> t.Tuple[int, str]:
    """Status and text of the response, without the secrets. Raises AnswerError when there is no response."""
    try:
        status, content = _sent(urllib.request.Request(url, body, headers, method="POST"))
        text = content.decode("utf-8", "replace")
    except (OSError, ValueError, http.client.HTTPException) as error:
        status, text = 0, f"FunctionGraph did not respond: {getattr(error, 'reason', error)}"
    for secret in secrets:
        text = text.replace(secret, "***")
    if not status:
        raise AnswerError(" ".join(text.split()))
    return status, text


def _sent(request: urllib.request.Request) -> t.Tuple[int, bytes]:
    try:
        with urllib.request.build_opener(_NoRedirects()).open(request, timeout=SECONDS) as response:
            return response.status, response.read(LARGEST_RESPONSE)
    except urllib.error.HTTPError as error:
        return error.code, error.read(LARGEST_RESPONSE)


def _has_execution_id(text: str) -> bool:
    try:
        response = json.loads(text)
    except (RecursionError, ValueError):
        return False
    return isinstance(response, dict) and bool(response.get("execution_id"))


def handler(_event: t.Any, context: t.Any) -> None:
    """Answers "fail" for the state, and fails."""
    error = context.getUserData("ERROR") or "no job has answered in time"
    if len(error) > LONGEST_ERROR:
        raise AnswerError(f"ERROR must have at most {LONGEST_ERROR} characters, got {len(error)}.")
    workflow_id, run_id = context.getWorkflowID(), context.getWorkflowRunID()
    if not (workflow_id and run_id):
        raise AnswerError("Only a workflow can call the function: the context of this call has no ID of a run.")
    endpoint, project_id = endpoint_of(context), setting(context, "PROJECT_ID")
    access_key, secret_key = setting(context, "ACCESS_KEY"), setting(context, "SECRET_KEY")
    project, workflow = urllib.parse.quote(project_id, "~"), urllib.parse.quote(workflow_id, "~")
    url = f"{endpoint}/v2/{project}/fgs/workflows/{workflow}/callback"
    headers = {
        "Content-Type": "application/json",
        "Host": urllib.parse.urlsplit(url).netloc,
        "X-Project-Id": project_id,
        "X-Sdk-Date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()),
        "X-Workflow-Run-Id": run_id,
        "X-Workflow-State-Id": setting(context, "CALLBACK_STATE_ID"),
    }
    body = json.dumps({"result": "fail", "error": error, "output": {}}).encode()
    headers["Authorization"] = authorization(url, headers, body, access_key, secret_key)
    signature = headers["Authorization"].rpartition("=")[2]
    status, text = send(url, headers, body, (signature, secret_key, access_key))
    if status != 200 or not _has_execution_id(text):
        reason = " ".join(text.split())[:500] or "no reason given"
        raise AnswerError(f"FunctionGraph returned {status}: {reason}")
    raise TimeIsOver(error)
