"""The same function after the fix: {"failure": true} is an order like any other."""

import json
import logging

logger = logging.getLogger()


def handler(event, context):
    """Say what was done."""
    order = json.loads(event)
    logger.info("working on %s, request %s", order, context.request_id)
    return {"done": order}
