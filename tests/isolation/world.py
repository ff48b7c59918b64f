"""The tenants: an attacker, a victim whose name it knows, and one that it does not know of."""

import datetime
import json
import time

from canary import Canary
from http_client import Request, send
from instance import ROOT

EVENTUALLY = 60


class World:
    def __init__(self, instance, admin_key):
        self.instance, self.port, self.admin_key = instance, instance.port, admin_key
        self.canary = Canary()
        self.attacker = "attacker"
        # What the attacker knows of its victim, and may say.
        self.victim, self.victims_run, self.victims_customer = "victim", "known-run", "known-customer"
        self.hidden = self.canary.text("hidden")
        self.keys, self.victims_key_id = {}, None

    def call(self, method, target, key=None, body=None):
        headers = [("Authorization", f"Bearer {key}")] if key else []
        if body is not None:
            headers.append(("Content-Type", "application/json"))
        body = b"" if body is None else json.dumps(body).encode()
        return send(self.port, Request(method, target, tuple(headers), body))

    def admin(self, method, target, body=None):
        answer = self.call(method, target, self.admin_key, body)
        if answer.status >= 300:
            raise SystemExit(f"{method} {target}: {answer.status} {answer.body!r}")
        return json.loads(answer.body or b"null")

    def document(self, findings):
        """The committed description of the interface, which is also what is served."""
        committed = json.loads((ROOT / "schemas/openapi.json").read_text())
        served = json.loads(self.call("GET", "/openapi.json").body)
        findings.check(served == committed, "another openapi.json is served than is committed")
        return committed

    def fill(self):
        """Keys and events of all three, visible in the statistics before this returns."""
        for tenant in (self.attacker, self.victim, self.hidden):
            name = "own" if tenant == self.attacker else self.canary.text("key")
            made = self.admin("POST", "/api-keys", {
                "name": name, "scopes": ["ingest", "read", "admin"], "tenant_id": tenant,
            })
            self.keys[tenant] = made["key"]
            if tenant == self.victim:
                self.victims_key_id = made["id"]
        for tenant in (self.victim, self.hidden):
            events = [self._event(tenant, n) for n in range(40)]
            self._post(tenant, events)
        self._post(self.attacker, [{"id": f"own-{n}", "provider": "openai", "model": "gpt-4o",
                                    "customer_id": "own-customer", "run_id": "own-run",
                                    "section_path": "agent:own", "cost_usd": "0.5"}
                                   for n in range(40)])
        deadline = time.monotonic() + EVENTUALLY
        for tenant in (self.victim, self.hidden, self.attacker):
            while self._calls(tenant) != 40:
                if time.monotonic() > deadline:
                    raise SystemExit(f"the events of {tenant} are not in the statistics")
                time.sleep(0.1)

    def _event(self, tenant, n):
        """Every text that an event can hold carries the canary."""
        secret = self.canary.text
        at = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=n)
        known = tenant == self.victim and n == 0
        return {
            "id": secret(f"id{n}"),
            "timestamp": at.isoformat(),
            "customer_id": self.victims_customer if known else secret(f"customer{n % 5}"),
            "run_id": self.victims_run if known else secret(f"run{n % 7}"),
            "trace_id": secret("trace"),
            "span_id": secret(f"span{n}"),
            "parent_span_id": secret("parent"),
            "section_path": secret("agent:a") + "/" + secret("tool:b"),
            "span_type": "llm",
            "provider": secret("provider"),
            "endpoint": secret("endpoint"),
            "model": secret("model"),
            "service_tier": secret("tier"),
            "environment": secret("environment"),
            "error_type": secret("error"),
            "usage": {secret("unit"): 1},
            "event_metadata": {secret("name"): secret("value")},
            secret("field"): secret("value"),
            "status": "error" if n % 3 == 0 else "ok",
            "latency_ms": 5,
            "input_tokens": 10,
            "output_tokens": 10,
            "cost_usd": "0.25",
        }

    def _post(self, tenant, events):
        answer = self.call("POST", "/events", self.keys[tenant], events)
        told = json.loads(answer.body)
        if answer.status != 202 or told["rejected"]:
            raise SystemExit(f"events of {tenant}: {answer.status} {answer.body!r}")

    def _calls(self, tenant):
        answer = self.call("GET", "/dashboard/stats?hours=2", self.keys[tenant])
        return json.loads(answer.body).get("call_count")

    def victims_view(self):
        """What the victims see of their own: it must stay as it is."""
        view = []
        for tenant in (self.victim, self.hidden):
            for target in ("/dashboard/stats?days=30", "/stats/by-customer?days=30",
                           "/stats/by-model?days=30", "/runs/latest", "/api-keys"):
                answer = self.call("GET", target, self.keys[tenant])
                view.append((tenant, target, answer.status, _without_times(answer.body)))
        return view


def _without_times(body):
    """A key's last use changes while the others look."""
    told = json.loads(body)
    for item in told if isinstance(told, list) else []:
        item.pop("last_used_at", None)
    return json.dumps(told, sort_keys=True)
