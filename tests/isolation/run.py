#!/usr/bin/env python3
"""One tenant tries to get at another's data, by every way that the interface has.

Starts a real `llmobserve up` with authentication, gives two tenants data in which every text
carries a canary, and lets a third one attack. Exit code 0 only when every wall stood. See
README.md.
"""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))

import attack
import database
import leaky
import log
import proxied
import routes
import walls
from findings import Findings
from instance import Instance, note
from world import World

# Fewer would mean that a part of the interface is no longer tried.
ATTEMPTS_MIN = 5_000


def main():
    began = time.monotonic()
    leaky.notices()
    findings = Findings()
    provider = proxied.Provider()
    instance = Instance(settings={
        "LLMOBSERVE_AUTH": "required",
        "LLMOBSERVE_PROXY_UPSTREAMS": provider.upstream,
    })
    admin_file = Path(instance.data_dir) / "admin.key"
    instance.settings["LLMOBSERVE_BOOTSTRAP_KEY_FILE"] = str(admin_file)
    instance.start()
    try:
        world = World(instance, admin_file.read_text().strip())
        world.fill()
        document = world.document(findings)
        routes.complete(document, findings)
        walls.credentials(world, document, findings)
        before = world.victims_view()
        attempts = attack.run(world, document, findings)
        attempts += proxied.run(world, provider, findings)
        after = world.victims_view()
        findings.check(before == after, "the victims' data changed", f"{before} -> {after}")
        database.rows(world, findings)
    finally:
        code = instance.terminate()
    findings.check(code == 0, "up did not end well", code)
    log.secrets(world, findings)
    walls.loopback(findings)
    findings.check(attempts >= ATTEMPTS_MIN, "too few attempts", attempts)
    note(f"isolation: {attempts} attempts, {findings.checks} checks, {len(findings.found)} findings, "
         f"{time.monotonic() - began:.0f} s")
    findings.report()


if __name__ == "__main__":
    main()
