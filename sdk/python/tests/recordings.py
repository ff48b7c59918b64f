"""The recorded answers of `schemas/fixtures/responses`."""

import json
from pathlib import Path

from fakes.provider import Recording

SCHEMAS = Path(__file__).resolve().parents[3] / "schemas"
FIXTURES = SCHEMAS / "fixtures" / "responses"
#: Provider and event of each.
EXPECTED = json.loads((FIXTURES / "expected.json").read_text())


def fixture(name, **behaviour):
    """By its suffix JSON, server-sent events or binary."""
    body = (FIXTURES / name).read_bytes()
    kinds = {".json": "application/json", ".sse": "text/event-stream; charset=utf-8"}
    kind = kinds.get(Path(name).suffix, "application/vnd.amazon.eventstream")
    if Path(name).suffix == ".sse":
        behaviour.setdefault("pieces", "events")
    return Recording(body, content_type=kind, **behaviour)
