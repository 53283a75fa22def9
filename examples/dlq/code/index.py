"""The function of the announcement: it fails on {"failure": true}."""

import json
import logging

logger = logging.getLogger()


class MyError(Exception):
    """What this function fails with."""


def handler(event, context):
    """Fail when asked to; otherwise say what was done."""
    order = json.loads(event)
    logger.info("working on %s, request %s", order, context.request_id)
    if order.get("failure"):
        raise MyError("My unhandled exception")
    return {"done": order}
