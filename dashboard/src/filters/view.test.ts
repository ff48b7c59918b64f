import { expect, it } from "vitest";
import { carried, readView, writeView } from "./view";

it("survives its way through the address", () => {
  const address = "tenant_id=a%26b&provider=openai&provider=anthropic&section=agent%3Ax%2Ftool%3Ay&days=7&compare=off&q=1";
  const view = readView(new URLSearchParams(address));
  expect(view).toEqual({
    tenant: "a&b",
    range: { kind: "days", count: 7 },
    compare: false,
    filters: { provider: ["anthropic", "openai"], section: ["agent:x/tool:y"] },
  });
  expect(readView(writeView(new URLSearchParams(), view))).toEqual(view);
});

it("changes only what it is told to", () => {
  const before = new URLSearchParams("provider=openai&q=1&hours=6");
  expect(writeView(before, { tenant: "x" }).toString()).toBe("provider=openai&q=1&hours=6&tenant_id=x");
  expect(writeView(before, { filters: {} }).toString()).toBe("q=1&hours=6");
});

it("goes along to other pages without what is theirs alone", () => {
  expect(carried(new URLSearchParams("q=1&provider=openai&sort=calls")).toString()).toBe("provider=openai");
});

it("ignores empty filters, which the API would refuse", () => {
  expect(readView(new URLSearchParams("provider=&tenant_id=")).filters).toEqual({});
});
