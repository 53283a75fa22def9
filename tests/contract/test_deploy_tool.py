"""What Alibaba's deploy tool (Serverless Devs with devsapp/fc3) asks for, in the shapes of its own clients.

The requests are those of npm @alicloud/fc2 2.6.6 and ali-oss 6.18.1, which the tool uses beside the client for FC 3.0.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import socket
import urllib.request
import zipfile
from collections.abc import Iterator
from email.utils import formatdate
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from alibabacloud_fc20230330 import models
from alibabacloud_fc20230330.client import Client

from fc_async.local import LocalServer, ManualClock, limits
from fc_async.local.catalog.function import FunctionSpec
from tests.contract.fc_sdk import create_function, fc_client, invoke, publish, refused, request, zipped

ACCOUNT = "1234567890123456"
CODE = "def handler(event, context):\n    return b'from the bucket'\n"
DATE = formatdate(usegmt=True)
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
    packed = package()
    status, headers, body = put(local, f"/{asked['ossBucket']}/{stored}", packed)
    assert (status, body) == (200, b"")
    assert headers["etag"] == f'"{hashlib.md5(packed, usedforsecurity=False).hexdigest().upper()}"'
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


def signed_token(local: LocalServer, date: str = DATE) -> tuple[int, Any]:
    lines = ["GET", "", "", date, f"x-fc-account-id:{ACCOUNT}", TOKEN]
    return token(local, date=date, Authorization=f"FC id:{sign('sha256', 'secret', lines)}")


def signed_put(
    local: LocalServer, name: str, key: tuple[str, str], date: str = DATE, body: bytes = b"", md5: str = ""
) -> tuple[int, bytes]:
    path = f"/fc-async-local/{ACCOUNT}/{name}"
    lines = ["PUT", md5, "", date, f"x-oss-date:{date}", "x-oss-security-token:local", path]
    headers = {"x-oss-date": date, "Authorization": f"OSS {key[0]}:{sign('sha1', key[1], lines)}"}
    status, _, answer = put(local, path, body, **headers, **({"Content-MD5": md5} if md5 else {}))
    return status, answer


def test_where_a_key_is_asked_for_the_tools_own_signatures_are_checked(signed: LocalServer) -> None:
    status, asked = signed_token(signed)
    key = (asked["credentials"]["AccessKeyId"], asked["credentials"]["AccessKeySecret"])
    assert status == 200
    assert signed_put(signed, "x", key) == (200, b"")
    status, refusal = token(signed, Authorization="FC id:wrong")
    assert (status, refusal["Code"]) == (403, "SignatureNotMatch")
    status, answer = signed_put(signed, "x", (key[0], "wrong"))
    assert (status, b"<Code>SignatureNotMatch</Code>" in answer) == (403, True)


def test_the_services_own_key_is_not_handed_out_and_puts_nothing(signed: LocalServer) -> None:
    credentials = signed_token(signed)[1]["credentials"]
    assert credentials["AccessKeyId"].startswith("STS.")
    assert "secret" not in credentials.values()
    assert signed_put(signed, "x", ("id", "secret"))[0] == 403


@pytest.mark.parametrize("date", ["Thu, 01 Jan 1970 00:00:00 GMT", "x", ""], ids=["1970", "no date", "none"])
def test_a_request_that_was_signed_long_ago_is_refused(signed: LocalServer, date: str) -> None:
    credentials = signed_token(signed)[1]["credentials"]
    status, refusal = signed_token(signed, date)
    assert (status, "is too large" in refusal["Message"]) == (403, True)
    key = (credentials["AccessKeyId"], credentials["AccessKeySecret"])
    status, answer = signed_put(signed, "x", key, date)
    assert (status, b"is too large" in answer) == (403, True)


def test_a_body_that_is_not_the_one_of_its_md5_is_refused(signed: LocalServer) -> None:
    credentials = signed_token(signed)[1]["credentials"]
    key = (credentials["AccessKeyId"], credentials["AccessKeySecret"])
    md5 = base64.b64encode(hashlib.md5(b"good", usedforsecurity=False).digest()).decode()
    assert signed_put(signed, "x", key, body=b"good", md5=md5)[0] == 200
    status, answer = signed_put(signed, "x", key, body=b"evil", md5=md5)
    assert (status, b"<Code>InvalidDigest</Code>" in answer) == (400, True)


# what goes on meanwhile


class Halted:
    """A request whose body is sent in two halves: what goes on between them comes first."""

    def __init__(self, local: LocalServer, head: str, body: bytes) -> None:
        self._connection = socket.create_connection(("127.0.0.1", urlsplit(local.url).port), 60)
        self._rest = body[1:]
        lines = f"{head} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        self._connection.sendall(lines.encode() + body[:1])
        request(local, "GET", "/_local/health")  # a turn of the service, which has read it then

    def end(self) -> bytes:
        with self._connection:
            self._connection.sendall(self._rest)
            answer = b""
            while piece := self._connection.recv(65536):
                answer += piece
            return answer


def test_a_put_across_a_reset_is_500_in_the_shape_of_the_object_store(local: LocalServer) -> None:
    halted = Halted(local, f"PUT /fc-async-local/{ACCOUNT}/x", package())
    local.reset()
    answer = halted.end()
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert b"<Code>InternalServerError</Code>" in answer


def test_an_update_that_comes_late_changes_no_other_function_of_that_name(local: LocalServer, fc: Client) -> None:
    create_function(fc, "main", CODE)
    halted = Halted(local, "PUT /2023-03-30/functions/main", b'{"description": "late"}')
    fc.delete_function("main")
    create_function(fc, "main", CODE)
    assert b"FunctionNotFound" in halted.end()
    assert not fc.get_function("main", models.GetFunctionRequest()).body.description


@pytest.mark.parametrize(
    ("path", "headers"),
    [("x?uploads", {}), ("x?partNumber=1", {}), ("x", {"x-oss-copy-source": "/a/b"})],
    ids=["uploads", "part", "copy"],
)
def test_a_put_that_is_of_no_whole_object_is_501(local: LocalServer, path: str, headers: dict[str, str]) -> None:
    assert put(local, f"/fc-async-local/{ACCOUNT}/{path}", b"x", **headers)[0] == 501


@pytest.mark.parametrize("bucket", [5, ["x"], {"a": 1}], ids=["number", "list", "object"])
def test_a_bucket_that_is_no_text_is_a_wrong_type(local: LocalServer, bucket: Any) -> None:
    body = {"functionName": "f", "runtime": "python3.10", "handler": "a.b", "code": {"ossBucketName": bucket}}
    status, _, answer = request(local, "POST", "/2023-03-30/functions", json.dumps(body))
    assert (status, "code.ossBucketName" in json.loads(answer)["Message"]) == (400, True)


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


def test_a_folder_is_packed_without_what_lies_outside_and_whatever_its_files_are_like(
    local: LocalServer, fc: Client, tmp_path: Path
) -> None:
    code = tmp_path / "code"
    (code / "deep").mkdir(parents=True)
    (tmp_path / "secret").write_text("outside")
    (code / "index.py").write_text(CODE)
    (code / "deep" / "old").write_text("1970")
    os.utime(code / "deep" / "old", (0, 0))
    (code / "link").symlink_to(tmp_path / "secret")
    (code / "folder").symlink_to(tmp_path, target_is_directory=True)
    local.deploy_folder(FunctionSpec("main", "python3.10", "index.handler", code))
    with urllib.request.urlopen(get_code(fc, "main").url) as answer, zipfile.ZipFile(BytesIO(answer.read())) as packed:
        assert packed.namelist() == ["deep/old", "index.py"]


def test_a_file_whose_name_no_zip_can_write_is_told_as_what_cannot_be_fetched(
    local: LocalServer, fc: Client, tmp_path: Path
) -> None:
    (tmp_path / "index.py").write_text(CODE)
    Path(os.fsdecode(bytes(tmp_path) + b"/\xff")).touch()
    local.deploy_folder(FunctionSpec("main", "python3.10", "index.handler", tmp_path))
    assert request(local, "GET", get_code(fc, "main").url.removeprefix(local.url))[0] == 404


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


def change(fc: Client, **fields: Any) -> None:
    fc.update_function("main", models.UpdateFunctionRequest(body=models.UpdateFunctionInput(**fields)))


def test_publishing_without_a_change_is_refused(fc: Client) -> None:
    create_function(fc, "main", CODE)
    assert publish(fc, "main").version_id == "1"
    assert refused(lambda: publish(fc, "main")) == (400, "VersionPublishError")
    change(fc)
    assert refused(lambda: publish(fc, "main")) == (400, "VersionPublishError")
    change(fc, timeout=9)
    assert publish(fc, "main").version_id == "2"
    fc.delete_function_version("main", "2")
    assert publish(fc, "main").version_id == "3"


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
    "query",
    ["fcVersion=v4", "disable=yes", "tags=%5B1%5D", "tags=x", "tags=%7B%7D", "tags=%5B%7B%22Key%22%3A1%7D%5D"],
    ids=["version", "disable", "tag", "json", "object", "key"],
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
