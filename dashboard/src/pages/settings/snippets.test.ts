import { expect, it } from "vitest";
import { snippets, type Values, type Way } from "./snippets";

const off: Values = { collector: "http://127.0.0.1:8000", proxy: "http://127.0.0.1:9000", tenant: "it's", bound: false, apiKey: null };
const all: Way[] = ["python", "typescript", "proxy", "otlp", "curl"];
const text = (way: Way, values: Values) => snippets(way, values).map((part) => part.text).join("\n");

it("carry the tenant's own values, and no key where none is needed", () => {
  for (const way of all) {
    expect(text(way, off), way).not.toMatch(/null|undefined|llmo_sk|<your/);
  }
  expect(text("python", off)).toContain('tenant_id="it\'s"');
  expect(text("otlp", off)).toContain("x-llmobserve-tenant-id=it's");
});

it("name no tenant beside a key that says it", () => {
  const bound: Values = { ...off, tenant: "acme", bound: true, apiKey: "llmo_sk_1_x" };
  for (const way of all) {
    expect(text(way, bound), way).toContain("llmo_sk_1_x");
    expect(text(way, bound), way).not.toContain("acme");
  }
});

it("can be pasted into a shell whatever the tenant is called", () => {
  expect(text("curl", off)).toContain(`"tenant_id":"it'\\''s"`);
  expect(text("proxy", off)).toContain('"Authorization: Bearer $OPENAI_API_KEY"');
});
