import type { SectionStats } from "../api/stats";
import { byAmount, type Usd, usd } from "../format/money";

export interface SectionNode {
  /** The last part of the path. */
  name: string;
  path: string;
  /** Without the sections below. */
  own: Usd;
  /** With them. */
  total: Usd;
  calls: number;
  unpriced: number;
  children: SectionNode[];
}

/** Sections as a tree, costs rolled up, dearest first. Events outside of any section are left out. */
export function sectionTree(rows: SectionStats[]): SectionNode[] {
  const nodes = new Map<string, SectionNode>();
  const roots: SectionNode[] = [];
  const at = (path: string): SectionNode => {
    const known = nodes.get(path);
    if (known) return known;
    const cut = path.lastIndexOf("/");
    const node: SectionNode = { name: path.slice(cut + 1), path, own: 0n, total: 0n, calls: 0, unpriced: 0, children: [] };
    nodes.set(path, node);
    (cut < 0 ? roots : at(path.slice(0, cut)).children).push(node);
    return node;
  };
  for (const row of rows) {
    if (!row.section_path) continue;
    const node = at(row.section_path);
    node.own += usd(row.total_cost);
    node.calls += row.call_count;
    node.unpriced += row.unpriced_count;
  }
  for (const root of roots) rollUp(root);
  return roots.sort(byAmount((node) => node.total));
}

function rollUp(node: SectionNode): void {
  node.total = node.own;
  for (const child of node.children) {
    rollUp(child);
    node.total += child.total;
  }
  node.children.sort(byAmount((child) => child.total));
}
