import { expect, it } from "vitest";
import type { Series } from "../api/stats";
import { exact, sum } from "../format/money";
import { stack } from "./series";

const group = (cost: string) => ({ total_cost: cost, unpriced_count: 0, call_count: 1 });
const bucket = (start: string, total: string, groups?: Record<string, ReturnType<typeof group>>) =>
  ({ start, total_cost: total, unpriced_count: 0, call_count: 2, groups });
const series = (...buckets: ReturnType<typeof bucket>[]) => ({ interval: "1h", buckets }) as Series;

it("puts the dearest first and what the API left out last", () => {
  const { groups, buckets } = stack(series(
    bucket("a", "0.6", { cheap: group("0.1"), dear: group("0.3"), _other: group("0.2") }),
    bucket("b", "0.3", { cheap: group("0.1"), dear: group("0.2"), _other: group("0") }),
  ));
  expect(groups.map(({ name, total }) => [name, exact(total)])).toEqual([["dear", "0.5"], ["cheap", "0.2"], ["_other", "0.2"]]);
  expect(buckets.map((b) => b.parts.map(exact))).toEqual([["0.3", "0.1", "0.2"], ["0.2", "0.1", "0"]]);
});

it("folds groups beyond the colours, and loses nothing", () => {
  const names = Array.from({ length: 10 }, (_, i) => `g${i}`);
  const all = Object.fromEntries(names.map((name, i) => [name, group(`0.${i + 1}`)]));
  const { groups, buckets } = stack(series(bucket("a", "5.5", { ...all })));
  expect(groups).toHaveLength(9);
  expect(groups.at(-1)?.name).toBe("_other");
  expect(exact(sum(buckets[0]?.parts ?? []))).toBe("5.5");
});

it("without groups is a stack of one", () => {
  expect(stack(series(bucket("a", "1"))).groups.map(({ name }) => name)).toEqual(["total"]);
  expect(stack(series(bucket("a", "0"))).groups).toEqual([]);
});
