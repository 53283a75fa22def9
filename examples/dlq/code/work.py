"""Works on one part of a list of object keys; what it returns goes to OnSuccess."""

import json


def handler(event, context):
    """Say how many keys of {"keys": [...]} were done, and which were the first and the last."""
    keys = json.loads(event)["keys"]
    return {"done": len(keys), "first": keys[0], "last": keys[-1]}
