"""What the processes have written about it all."""

import re
from pathlib import Path


def secrets(world, findings):
    """No log line holds a canary, an API key, a password or a token."""
    text = Path(world.instance.log.name).read_text(errors="replace")
    findings.check("listening on" in text, "the log is not the instance's", text[:200])
    lines = text.splitlines()
    data = Path(world.instance.data_dir)
    passwords = [data / "clickhouse-password", data / "clickhouse-reader-password"]
    known = [path.read_text().strip() for path in passwords]
    for key in [world.admin_key, *world.keys.values()]:
        # The part before the last underscore names the key and is no secret.
        known.append(key.split("_", 3)[-1])
    for line in lines:
        # The audit of administrative actions is for operators and names the tenant it is about.
        audited = " audit: " in line
        findings.check(audited or not world.canary.seen_in(line), "a canary in the log", line)
        findings.check(not any(secret in line for secret in known), "a secret in the log", "not shown")
    token = re.compile(r"eyJ[\w-]{8,}\.eyJ|llmo_sk_[0-9a-zA-Z]+_\w{8,}")
    findings.check(not token.search(text), "something like a credential in the log",
                   token.search(text))
