"""One `POST /events`, and what its answer means."""

from __future__ import annotations

import email.utils
import gzip
import http.client
import json
import time
import urllib.error
import urllib.request
from typing import Any, NamedTuple, Optional

#: A collector may be slow, but not silent for ever.
TIMEOUT_S = 30.0
ANSWER_BYTES_MAX = 4 * 1024 * 1024
RETRY_AFTER_MAX_S = 300.0


class Answer(NamedTuple):
    #: Delivered, or refused for good: not to be sent again.
    is_final: bool
    accepted: int = 0
    #: In words, without secrets.
    reason: str = ""
    is_too_large: bool = False
    retry_after_s: Optional[float] = None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected post becomes a get, whose 200 would look like a delivery."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Collector:
    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/") + "/events"
        self._opener = urllib.request.OpenerDirector()
        for handler in (
            urllib.request.ProxyHandler(),
            urllib.request.HTTPHandler(),
            urllib.request.HTTPSHandler(),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
            urllib.request.UnknownHandler(),
            _NoRedirect(),
        ):
            self._opener.add_handler(handler)

    def post(self, api_key: str, lines: list[bytes]) -> Answer:
        """Never raises. Safe to repeat: every line has an id that counts once."""
        headers = {
            "Content-Type": "application/x-ndjson",
            "Content-Encoding": "gzip",
            "User-Agent": "llmobserve-python",
        }
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        body = gzip.compress(b"\n".join(lines), compresslevel=3)
        try:
            request = urllib.request.Request(self._url, body, headers, method="POST")
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                return _read(response.status, response.headers, _body(response), len(lines))
        except urllib.error.HTTPError as error:
            with error:
                return _read(error.code, error.headers, _body(error), len(lines))
        except (OSError, http.client.HTTPException, ValueError) as error:
            return Answer(False, reason=f"{type(error).__name__}: {error}"[:200])


def _body(response: Any) -> Any:
    try:
        return json.loads(response.read(ANSWER_BYTES_MAX))
    except (OSError, http.client.HTTPException, ValueError):
        return None


def _read(status: int, headers: Any, body: Any, sent: int) -> Answer:
    """Only what the collector itself says is final: a captive portal's 200 or a gateway's 403
    page is not."""
    rejected = body.get("rejected") if isinstance(body, dict) else None
    if isinstance(rejected, list) and (status == 422 or 200 <= status < 300):
        first = rejected[0] if rejected and isinstance(rejected[0], dict) else {}
        return Answer(True, max(0, sent - len(rejected)), str(first.get("code", "")))
    reason = f"HTTP {status}"
    if status == 413:
        return Answer(sent == 1, reason=reason, is_too_large=True)
    is_problem = (headers.get("Content-Type") or "").startswith("application/problem+json")
    if is_problem and status in (400, 401, 403, 415):
        code = body.get("code") if isinstance(body, dict) else None
        return Answer(True, reason=f"{reason} {code or ''}".strip())
    return Answer(False, reason=reason, retry_after_s=_retry_after(headers.get("Retry-After")))


def _retry_after(value: Optional[str]) -> Optional[float]:
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time()
        except (TypeError, ValueError):
            return None
    return min(max(0.0, seconds), RETRY_AFTER_MAX_S)
