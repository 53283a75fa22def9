"""How a row is written as text: JSON without blanks, in ASCII."""

from __future__ import annotations

import json

compact = json.JSONEncoder(separators=(",", ":")).encode
