"""A function as producer: it cuts a long list of object keys into parts and has each worked on asynchronously."""

import json
import os

from fc_async import FunctionsClient

KEYS_IN_A_PART = 50


def handler(event, context):
    """Invoke the function of WORK_FUNCTION once for every 50 keys of {"keys": [...]}."""
    keys = json.loads(event)["keys"]
    parts = [keys[start : start + KEYS_IN_A_PART] for start in range(0, len(keys), KEYS_IN_A_PART)]
    with FunctionsClient() as functions:  # in the cloud: this function's own region and role
        for part in parts:
            functions.invoke_async(os.environ["WORK_FUNCTION"], {"keys": part})
    return {"parts": len(parts)}
