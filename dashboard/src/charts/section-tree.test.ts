import { expect, it } from "vitest";
import type { SectionStats } from "../api/stats";
import { exact } from "../format/money";
import { sectionTree } from "./section-tree";

const row = (section_path: string | null, total_cost: string): SectionStats =>
  ({ section: null, section_path, total_cost, unpriced_count: 0, call_count: 1, avg_latency_ms: null, percentage: 0 });

it("rolls costs up the tree, exactly, also through sections that have no row", () => {
  const tree = sectionTree([row("a/b/c", "0.1"), row("a", "0.2"), row("a/d", "0.000000000001"), row("e", "9"), row(null, "5")]);
  expect(tree.map((node) => [node.path, exact(node.own), exact(node.total)])).toEqual([["e", "9", "9"], ["a", "0.2", "0.300000000001"]]);
  expect(tree[1]?.children.map((node) => [node.path, exact(node.total)])).toEqual([["a/b", "0.1"], ["a/d", "0.000000000001"]]);
  expect(tree[1]?.children[0]?.children[0]?.name).toBe("c");
});
