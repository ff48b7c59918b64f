"""The wall behind the walls: what ClickHouse itself lets the query API's user see."""

import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

READER = "llmobserve_reader"
TENANT_TABLES = ["trace_events", "usage_15m", "usage_1m", "runs", "ingest_ledger"]


class Database:
    def __init__(self, instance):
        self.url = instance.clickhouse_url
        read = lambda name: (Path(instance.data_dir) / name).read_text().strip()
        self.passwords = {"default": read("clickhouse-password"),
                          READER: read("clickhouse-reader-password")}

    def ask(self, user, sql, comment=None):
        """Status and text of the answer."""
        settings = {"database": "llmobserve"}
        if comment is not None:
            settings["log_comment"] = comment
        request = urllib.request.Request(f"{self.url}/?{urllib.parse.urlencode(settings)}", sql.encode(), {
            "X-ClickHouse-User": user, "X-ClickHouse-Key": self.passwords[user],
        })
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode().strip()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode().strip()


def rows(world, findings):
    """Nothing without a tenant, the tenant's rows with one, and no other table at all."""
    database = Database(world.instance)
    tables = database.ask("default", "SHOW TABLES FROM llmobserve")[1].split()
    findings.check(set(TENANT_TABLES) <= set(tables), "tables are missing", tables)
    for table in TENANT_TABLES:
        seen = lambda comment: database.ask(
            READER, f"SELECT DISTINCT tenant_id FROM {table} ORDER BY tenant_id FORMAT TSV", comment)
        for comment in (None, "", "tenant=", "tenant", "anything", "*", f"x{world.victim}"):
            findings.check(seen(comment) == (200, ""), f"{table}: rows without a tenant",
                           f"{comment!r} -> {seen(comment)}")
        for tenant in (world.attacker, world.victim, world.hidden):
            findings.check(seen(f"tenant={tenant}") == (200, tenant), f"{table}: not just one's own",
                           seen(f"tenant={tenant}"))
        everyone = seen("all-tenants")[1].split("\n")
        findings.check({world.victim, world.hidden} <= set(everyone), f"{table}: not all", everyone)
        whole = f"SELECT * FROM {table}"
        answer = database.ask(READER, whole, f"tenant={world.attacker}")
        findings.check(answer[0] == 200 and not world.canary.seen_in(answer[1]),
                       f"{table}: a canary in the attacker's rows", answer)
    denied(world, database, tables, findings)


def denied(world, database, tables, findings):
    database.ask("default", "CREATE TABLE llmobserve.brand_new (tenant_id String) ENGINE = MergeTree "
                            "ORDER BY tenant_id")
    database.ask("default", "INSERT INTO llmobserve.brand_new VALUES ('attacker')")
    made = database.ask("default", "SELECT count() FROM brand_new")
    findings.check(made == (200, "1"), "no new table to try", made)
    mine = f"tenant={world.attacker}"
    others = sorted(set(tables) - set(TENANT_TABLES) - {"maintenance_holds"}) + ["brand_new"]
    for sql in [
        *(f"SELECT * FROM {table}" for table in others),
        "INSERT INTO runs (tenant_id) VALUES ('x')",
        "ALTER TABLE runs DELETE WHERE 1",
        "DROP TABLE runs",
        "CREATE TABLE mine (a UInt8) ENGINE = Memory",
        "SET ROLE owner",
        "SET ROLE DEFAULT",
        "SET log_comment = 'all-tenants'",
        "EXECUTE AS default SELECT 1",
        "SYSTEM RELOAD CONFIG",
        "KILL QUERY WHERE 1",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "SELECT * FROM url('http://127.0.0.1/', 'LineAsString')",
        "SELECT 1 INTO OUTFILE 'x'",
        "SELECT * FROM system.users",
    ]:
        status, text = database.ask(READER, sql, mine)
        findings.check(status >= 400, f"the reader may: {sql}", text)
    status, text = database.ask(READER, "SELECT * FROM merge('llmobserve', '.*')", mine)
    findings.check(not world.canary.seen_in(text), "a canary by way of merge()", text)
    wrong = Database(world.instance)
    wrong.passwords[READER] = wrong.passwords["default"]
    status, _ = wrong.ask(READER, "SELECT 1")
    findings.check(status in (401, 403), "the reader with the owner's password", status)
    database.ask("default", "DROP TABLE llmobserve.brand_new")
