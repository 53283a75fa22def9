"""A home directory and an environment of the test's own, in which settings are looked for."""

import json
from pathlib import Path
from typing import Any

import pytest

from fc_async.errors import FcAsyncError
from fc_async.settings.search import find_settings
from fc_async.settings.settings import Settings

KEYS = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "env-id", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "env-secret-env-secret"}


LOCAL = "http://127.0.0.1:9700"


def find(service: Any = "fc", *, environment: dict[str, str] | None = None, home: Path, **arguments: Any) -> Settings:
    return find_settings(service, environment=environment or {}, home=home, **arguments)


def profiles(home: Path, current: str = "work", **content: Any) -> None:
    default = [
        {"name": "work", "mode": "AK", "region_id": "cn-beijing", "access_key_id": "w-id", "access_key_secret": "w-s"},
        {
            "name": "play",
            "mode": "AK",
            "region_id": "eu-central-1",
            "access_key_id": "p-id",
            "access_key_secret": "p-s",
        },
    ]
    (home / ".aliyun").mkdir()
    text = json.dumps({"current": current, "profiles": default, **content})
    (home / ".aliyun" / "config.json").write_text(text)


def failure(home: Path, **arguments: Any) -> FcAsyncError:
    with pytest.raises(FcAsyncError) as caught:
        find(home=home, **arguments)
    return caught.value
