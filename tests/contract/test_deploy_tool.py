"""What Alibaba's deploy tool (Serverless Devs with devsapp/fc3) asks for, in the shapes of its own clients.

The requests are those of npm @alicloud/fc2 2.6.6 and ali-oss 6.18.1, which the tool uses beside the client for FC 3.0.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client

from fc_async.local import LocalServer, ManualClock, limits
from tests.contract.fc_sdk import create_function, fc_client, invoke, publish, refused, request, zipped

ACCOUNT = "1234567890123456"
CODE = "def handler(event, context):\n    return b'from the bucket'\n"
DATE = "Thu, 26 Nov 2026 02:25:14 GMT"
TOKEN = "/2016-08-15/tempBucketToken"


def token(local: LocalServer, **headers: str) -> tuple[int, Any]:
    sent = {"accept": "application/json", "date": DATE, "x-fc-account-id": ACCOUNT, "Authorization": "FC id:x"}
    status, _, body = request(local, "GET", TOKEN, headers={**sent, **headers})
    return status, json.loads(body)


def put(
    local: LocalServer, path: str, body: bytes, method: str = "PUT", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    sent = {"x-oss-date": DATE, "x-oss-security-token": "local", "Authorization": "OSS local:x"}
    return request(local, method, path, body, {**sent, **headers})


def package(source: str = CODE) -> bytes:
    return base64.b64decode(zipped({"index.py": source}))


def object_name(local: LocalServer) -> str:
    return f"{ACCOUNT}/{token(local)[1]['objectName']}"


def create_from_bucket(fc: Client, name: str, bucket: str, stored: str, **fields: Any) -> models.Function:
    code = models.InputCodeLocation(oss_bucket_name=bucket, oss_object_name=stored, **fields)
    return create_function(fc, name, "", code=code)


def test_code_goes_through_the_bucket_into_the_function(local: LocalServer, fc: Client) -> None:
    status, asked = token(local)
    assert (status, set(asked["credentials"])) == (200, {"AccessKeyId", "AccessKeySecret", "SecurityToken"})
    stored = f"{ACCOUNT}/{asked['objectName']}"
    status, headers, body = put(local, f"/{asked['ossBucket']}/{stored}", package())
    assert (status, body) == (200, b"")
    assert headers["etag"] == f'"{hashlib.md5(package(), usedforsecurity=False).hexdigest().upper()}"'
    made = create_from_bucket(fc, "main", asked["ossBucket"], stored)
    assert made.code_checksum == headers["x-oss-hash-crc64ecma"]
    assert invoke(fc, "main").body.read() == b"from the bucket"
    code = models.InputCodeLocation(oss_bucket_name=asked["ossBucket"], oss_object_name=stored)
    update = models.UpdateFunctionInput(code=code)
    assert fc.update_function("main", models.UpdateFunctionRequest(body=update)).status_code == 200


def test_the_tool_puts_in_chunks_and_names_the_bucket_in_host(local: LocalServer, fc: Client) -> None:
    stored = object_name(local)
    host = "fc-async-local.oss-cn-hangzhou.aliyuncs.com"
    status, _, _ = put(local, f"/{stored}", package(), Host=host, **{"Transfer-Encoding": "chunked"})
    assert status == 200
    create_from_bucket(fc, "main", "fc-async-local", stored)
    assert invoke(fc, "main").body.read() == b"from the bucket"


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ({"Host": "fc-async-local.evil.example"}, "a Host header that names this machine"),
        ({"Host": "fc-async-local.aliyuncs.com.evil.example"}, "a Host header that names this machine"),
        ({"Origin": "http://127.0.0.1"}, "with an Origin header"),
    ],
    ids=["host", "longer host", "page"],
)
def test_a_web_page_puts_nothing_into_the_bucket(local: LocalServer, headers: dict[str, str], why: str) -> None:
    status, _, body = put(local, f"/fc-async-local/{object_name(local)}", package(), **headers)
    assert (status, b"<Code>AccessDenied</Code>" in body, why.encode() in body) == (403, True, True)


def test_another_bucket_in_host_is_501_by_name(local: LocalServer) -> None:
    status, _, body = put(local, f"/{ACCOUNT}/x", b"", Host="other.oss-cn-hangzhou.aliyuncs.com")
    assert (status, b"the bucket &#x27;other&#x27;" in body or b"the bucket 'other'" in body) == (501, True)


@pytest.mark.parametrize(
    ("method", "path", "why"),
    [
        ("PUT", "/other/1234567890123456/x", "the bucket 'other'"),
        ("PUT", "/fc-async-local/1/x", "PUT of what is no object of account 1234567890123456"),
        ("GET", "/fc-async-local/1234567890123456/x", "GET of what is no object of account 1234567890123456"),
        ("PUT", "/%3C/1", "the bucket '&lt;'"),
    ],
    ids=["bucket", "account", "method", "escaped"],
)
def test_of_the_object_store_only_that_one_call_is_served(local: LocalServer, method: str, path: str, why: str) -> None:
    status, headers, body = put(local, path, b"", method)
    assert (status, headers["content-type"]) == (501, "application/xml; charset=utf-8")
    assert b"<Code>NotImplemented</Code>" in body
    assert why.encode() in body


def test_a_package_of_101_mb_is_refused_before_it_is_sent(local: LocalServer) -> None:
    headers = {"Content-Length": str(101 * 1024 * 1024)}
    status, _, body = put(local, f"/fc-async-local/{object_name(local)}", b"", **headers)
    assert (status, b"<Code>EntityTooLarge</Code>" in body) == (400, True)


def test_an_object_that_was_never_put_and_a_package_that_is_none_are_refused(local: LocalServer, fc: Client) -> None:
    assert refused(lambda: create_from_bucket(fc, "main", "fc-async-local", "1/x")) == (400, "InvalidArgument")
    stored = object_name(local)
    put(local, f"/fc-async-local/{stored}", b"no zip")
    assert refused(lambda: create_from_bucket(fc, "main", "fc-async-local", stored)) == (400, "InvalidArgument")
    put(local, f"/fc-async-local/{stored}", package())
    assert refused(lambda: create_from_bucket(fc, "main", "fc-async-local", stored, checksum="1")) == (
        400,
        "InvalidArgument",
    )
    assert refused(lambda: invoke(fc, "main")) == (404, "FunctionNotFound")


def test_the_last_objects_are_kept_and_a_name_that_is_put_again_is_another_package(
    local: LocalServer, fc: Client
) -> None:
    first = object_name(local)
    put(local, f"/fc-async-local/{first}", package())
    put(local, f"/fc-async-local/{first}", package(CODE.replace("the bucket", "its second")))
    create_from_bucket(fc, "main", "fc-async-local", first)
    assert invoke(fc, "main").body.read() == b"from its second"
    for _ in range(limits.TEMP_BUCKET_OBJECTS):
        put(local, f"/fc-async-local/{object_name(local)}", package())
    assert refused(lambda: create_from_bucket(fc, "again", "fc-async-local", first)) == (400, "InvalidArgument")


# signed


@pytest.fixture
def signed() -> Iterator[LocalServer]:
    with LocalServer(clock=ManualClock(), workers=1, access_key="id:secret") as server:
        yield server


def sign(digest: str, secret: str, lines: list[str]) -> str:
    return base64.b64encode(hmac.new(secret.encode(), "\n".join(lines).encode(), digest).digest()).decode()


def test_where_a_key_is_asked_for_the_tools_own_signatures_are_checked(signed: LocalServer) -> None:
    to_sign = ["GET", "", "", DATE, f"x-fc-account-id:{ACCOUNT}", TOKEN]
    status, asked = token(signed, Authorization=f"FC id:{sign('sha256', 'secret', to_sign)}")
    assert (status, asked["credentials"]["AccessKeyId"]) == (200, "id")
    status, refusal = token(signed, Authorization="FC id:wrong")
    assert (status, refusal["Code"]) == (403, "SignatureNotMatch")
    path = f"/fc-async-local/{ACCOUNT}/{asked['objectName']}"
    lines = ["PUT", "", "", DATE, f"x-oss-date:{DATE}", "x-oss-security-token:local", path]
    secret = asked["credentials"]["AccessKeySecret"]
    assert put(signed, path, package(), Authorization=f"OSS id:{sign('sha1', secret, lines)}")[0] == 200
    status, _, body = put(signed, path, package(), Authorization="OSS id:wrong")
    assert (status, b"<Code>SignatureNotMatch</Code>" in body) == (403, True)


# what the tool asks about code


def get_code(fc: Client, name: str, qualifier: str | None = None) -> models.OutputCodeLocation:
    return fc.get_function_code(name, models.GetFunctionCodeRequest(qualifier=qualifier)).body


def test_a_functions_code_is_fetched_as_it_was_uploaded_also_of_a_version(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", CODE)
    publish(fc, "main")
    second = models.InputCodeLocation(zip_file=zipped({"index.py": "# other"}))
    fc.update_function("main", models.UpdateFunctionRequest(body=models.UpdateFunctionInput(code=second)))
    found, before = get_code(fc, "main"), get_code(fc, "main", "1")
    assert found.url.startswith(local.url)
    with urllib.request.urlopen(found.url) as answer:
        assert base64.b64encode(answer.read()).decode() == second.zip_file
    with urllib.request.urlopen(before.url) as answer:
        assert answer.read() == package()
    function = fc.get_function("main", models.GetFunctionRequest()).body
    assert (found.checksum, before.checksum != found.checksum) == (function.code_checksum, True)
    assert request(local, "GET", "/_local/code/x")[0] == 404
    assert refused(lambda: get_code(fc, "no")) == (404, "FunctionNotFound")


def test_a_url_of_code_that_is_gone_is_404(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", CODE)
    url = get_code(fc, "main").url
    fc.delete_function("main")
    assert request(local, "GET", url.removeprefix(local.url))[0] == 404


def test_a_function_has_an_id_that_updates_keep_and_a_new_one_has_not(local: LocalServer, fc: Client) -> None:
    first = create_function(fc, "main", CODE).function_id
    update = models.UpdateFunctionInput(timeout=9)
    assert fc.update_function("main", models.UpdateFunctionRequest(body=update)).body.function_id == first
    other = create_function(fc, "other", CODE).function_id
    fc.delete_function("main")
    assert len({first, other, create_function(fc, "main", CODE).function_id}) == 3


def test_publishing_without_a_change_is_refused(fc: Client) -> None:
    create_function(fc, "main", CODE)
    assert publish(fc, "main").version_id == "1"
    assert refused(lambda: publish(fc, "main")) == (400, "VersionPublishError")
    update = models.UpdateFunctionInput(timeout=9)
    fc.update_function("main", models.UpdateFunctionRequest(body=update))
    assert publish(fc, "main").version_id == "2"


def names(fc: Client, **filters: Any) -> list[str]:
    found = fc.list_functions(models.ListFunctionsRequest(**filters)).body.functions
    return [function.function_name for function in found]


def test_functions_are_listed_by_each_filter(local: LocalServer, fc: Client) -> None:
    create_function(fc, "a", CODE, description="sends orders", tags=[models.Tag(key="team", value="x")])
    create_function(fc, "b", CODE, runtime="python3.10", resource_group_id="rg")
    gpu = models.GPUConfig(gpu_type="fc.gpu.tesla.1", gpu_memory_size=1024)
    create_function(fc, "ab", CODE, gpu_config=gpu)
    assert names(fc) == ["a", "ab", "b"]
    assert names(fc, prefix="a") == ["a", "ab"]
    assert names(fc, function_name="a") == ["a"]
    assert names(fc, description="order") == ["a"]
    assert names(fc, runtime="python3.10") == ["b"]
    assert names(fc, resource_group_id="rg") == ["b"]
    assert names(fc, gpu_type="fc.gpu.tesla.1") == ["ab"]
    assert names(fc, fc_version="v3") == ["a", "ab", "b"]
    assert names(fc, fc_version="v2") == []
    assert names(fc, tags=[models.Tag(key="team", value="x")]) == ["a"]
    assert names(fc, tags=[models.Tag(key="team", value="y")]) == []
    fc.disable_function_invocation("b", models.DisableFunctionInvocationRequest())
    disabled = json.loads(request(local, "GET", "/2023-03-30/functions?disable=true")[2])["functions"]
    assert [function["functionName"] for function in disabled] == ["b"]
    assert names(fc, prefix="a", limit=1) == ["a"]


@pytest.mark.parametrize(
    "query", ["fcVersion=v4", "disable=yes", "tags=%5B1%5D", "tags=x"], ids=["version", "disable", "tag", "json"]
)
def test_a_filter_that_cannot_be_is_refused(local: LocalServer, query: str) -> None:
    status, _, body = request(local, "GET", f"/2023-03-30/functions?{query}")
    assert (status, json.loads(body)["Code"]) == (400, "InvalidArgument")


@pytest.mark.parametrize(
    "tags",
    [[{"Key": [1], "Value": "x"}], [{"Key": "a", "Value": {}}], [{"Value": "x"}], ["a"]],
    ids=["key", "value", "no key", "text"],
)
def test_a_tag_that_is_none_is_refused_and_lists_go_on(local: LocalServer, fc: Client, tags: Any) -> None:
    create_function(fc, "main", CODE)
    status, _, body = request(local, "PUT", "/2023-03-30/functions/main", json.dumps({"tags": tags}))
    assert (status, "expected a list of" in json.loads(body)["Message"]) == (400, True)
    assert names(fc, tags=[models.Tag(key="a", value="x")]) == []


def test_a_client_of_the_service_is_not_taken_for_one_of_the_object_store(local: LocalServer) -> None:
    create_function(fc_client(local), "fc-async-local", CODE)
    assert invoke(fc_client(local), "fc-async-local").body.read() == b"from the bucket"
