"""The keys of a test: none on a trusted machine, else one for each tenant."""

import json
import urllib.request

from instance import note


class Keys:
    """How requests say whose they are."""

    def __init__(self, secrets=None, ids=None, admin=None):
        self.secrets, self.ids, self.admin = secrets or {}, ids or {}, admin

    @classmethod
    def make(cls, instance, tenants):
        """An admin key by the command line; with it a key of each tenant by HTTP."""
        made = instance.command(
            "keys", "create", "--platform", "--scope", "admin,ingest,read", "--name", "exactness"
        )
        made.check_returncode()
        admin = made.stdout.strip()
        secrets, ids = {}, {}
        for tenant in sorted(tenants):
            wish = {"tenant_id": tenant, "scopes": ["ingest", "read"]}
            request = urllib.request.Request(
                instance.url + "/api-keys", json.dumps(wish).encode(),
                {"Authorization": f"Bearer {admin}", "Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=30) as answer:
                made = json.load(answer)
            secrets[tenant], ids[tenant] = made["key"], made["id"]
        note(f"made {len(secrets)} keys")
        return cls(secrets, ids, admin)

    def headers(self, tenant):
        """Of a tenant's own key; of the administrator's for no tenant."""
        key = self.secrets.get(tenant) if tenant else self.admin
        return {"Authorization": f"Bearer {key}"} if key else {}

    def naming(self, tenant):
        """Query parameters that name the tenant: a key of its own names it already."""
        return {} if tenant in self.secrets else {"tenant_id": tenant}

    def request(self, batch):
        """Body and headers for events: with a tenant's own key they need not name it."""
        tenant = batch[0]["tenant_id"]
        if tenant not in self.secrets:
            return batch, {}
        bare = [{k: v for k, v in event.items() if k != "tenant_id"} for event in batch]
        return bare, self.headers(tenant)

    def differences(self, instance):
        """Rows that do not carry their tenant's key."""
        if not self.ids:
            return []
        lines = instance.sql(
            "SELECT DISTINCT tenant_id, ingest_key_id FROM llmobserve.trace_events FORMAT TSV"
        ).splitlines()
        pairs = [tuple(line.split("\t")) for line in lines]
        return [("written by", *pair) for pair in pairs if self.ids.get(pair[0]) != pair[1]]
