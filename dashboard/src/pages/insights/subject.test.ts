import { expect, it } from "vitest";
import type { Insight } from "../../api/insights";
import { concerns } from "./subject";

const insight = {
  subject: { provider: "openai", model: "gpt-4o" },
  evidence: { also: [{ customer_id: "c1" }, { section: "agent:x" }] },
} as Insight;

it("concerns what it names, or where else it shows", () => {
  for (const filters of [{}, { provider: ["openai"] }, { model: ["other", "gpt-4o"] }, { customer_id: ["c1"] }, { section: ["agent:x/"], provider: ["openai"] }]) {
    expect(concerns(insight, filters), JSON.stringify(filters)).toBe(true);
  }
  for (const filters of [{ provider: ["google"] }, { customer_id: ["c2"] }, { provider: ["openai"], section: ["agent:y/"] }]) {
    expect(concerns(insight, filters), JSON.stringify(filters)).toBe(false);
  }
});

it("is not hidden by filters that no insight can name", () => {
  expect(concerns(insight, { environment: ["staging"], status: ["error"] })).toBe(true);
});
