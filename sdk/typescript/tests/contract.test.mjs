// The schemas' fixtures: our validator refuses what the collector refuses, and takes what it
// takes; and what the SDK builds of odd values is always taken.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import * as llmobserve from "llmobserve";

import { digest, resolve } from "../dist/esm/internals.js";
import { check } from "./fakes/contract.mjs";
import { delivered, SCHEMAS, withFakes } from "./setup.mjs";

const cases = (name) => JSON.parse(readFileSync(`${SCHEMAS}fixtures/${name}`, "utf8"));
/** What the SDK never sends, and text that JavaScript's parser reads otherwise. */
const NOT_OURS = new Set(["duplicate_field", "invalid_cost", "unreadable_json"]);

test("accepted", () => {
  for (const { name, event } of cases("accepted.json")) {
    const text = JSON.stringify(event).replaceAll("$now", new Date().toISOString());
    assert.doesNotThrow(() => check(JSON.parse(text)), name);
  }
});

test("rejected", () => {
  for (const { name, event, event_text: text = JSON.stringify(event), code } of
    cases("rejected.json")) {
    if (NOT_OURS.has(code) || text.includes("cost_usd")) continue;
    assert.throws(() => check(JSON.parse(text)), { code }, name);
  }
});

test("the SDK leaves valid fields as they are", () => {
  for (const { name, event } of cases("accepted.json")) {
    const { timestamp: _, cost_usd: __, ...fields } = event;
    const { json } = digest({ context: {}, event: () => ({ ...fields }), weight: () => 0 }, resolve());
    const made = JSON.parse(json);
    check(made);
    for (const [field, value] of Object.entries(fields)) {
      const isEmpty = value === null || (typeof value === "object" && !Object.keys(value).length);
      if (!isEmpty) assert.deepEqual(made[field], value, `${name}: ${field}`);
    }
  }
});

const ODD = ["a\nb\x00c", "x".repeat(2000), "\ud800lone", "🙂".repeat(300), "x".repeat(255) + "🙂"];
ODD.push('O\'Brien "& Söhne"', "", 7);

test("odd values", withFakes(async ({ observe, collector }) => {
  for (const odd of ODD) {
    observe({ tenantId: odd, customerId: odd, environment: odd });
    llmobserve.setTenantId(odd);
    llmobserve.setCustomerId(odd);
    llmobserve.setTraceId(odd);
    llmobserve.setRunId(odd);
    llmobserve.importContext(llmobserve.exportContext());
    const circular = {};
    circular.self = circular;
    llmobserve.section(odd, { odd, lone: "\\ud800 \ud800", nan: Infinity, fn() {} }, () => {
      llmobserve.section("large", { text: "x".repeat(20_000) }, () => {});
      llmobserve.section("circular", circular, () => {});
      llmobserve.section("big", { big: 1n }, () => {});
    });
    await delivered();
    assert.equal(llmobserve.stats().rejected, 0);
    await llmobserve.shutdown();
  }
  assert.equal(collector.events.length, 4 * ODD.length);
  const kept = collector.events.find((event) => event.event_metadata?.lone);
  assert.equal(kept.event_metadata.lone, "\\ud800 \ufffd");
}));
