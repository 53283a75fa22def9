"""A function that takes as long as it is told."""

import json
import time


def handler(event, context):
    """Return after {"seconds": N}."""
    order = json.loads(event)
    time.sleep(order["seconds"])
    return order
