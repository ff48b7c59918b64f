import { hierarchy, treemap, treemapSquarify } from "d3-hierarchy";
import { Link } from "wouter";
import { formatUsd, toFloat } from "../format/money";
import { seriesColour } from "./palette";
import type { SectionNode } from "./section-tree";
import { useWidth } from "./use-width";

const HEIGHT = 320;
/** Room that a name needs. */
const LABEL = { width: 56, height: 24 };

interface Tile {
  node: SectionNode;
  children: Tile[];
}

interface Props {
  tree: SectionNode[];
  href(node: SectionNode): string;
}

/** Areas in proportion to cost; each outermost section has one colour. */
export function TreeMap({ tree, href }: Props) {
  const [element, width] = useWidth<HTMLDivElement>();
  const root = hierarchy<Tile>({ node: rootOf(tree), children: tree.map(tile) }, (data) => data.children)
    .sum((data) => (data.children.length === 0 ? toFloat(data.node.own) : 0))
    .sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  const laid = treemap<Tile>().size([Math.max(width, 1), HEIGHT]).tile(treemapSquarify).paddingInner(2)
    .paddingTop((node) => (node.depth > 0 && node.height > 0 ? 24 : 0))(root);
  const colours = new Map(tree.map((node, index) => [node.path, seriesColour(index)]));
  return (
    <div ref={element} className="treemap" style={{ height: HEIGHT }}>
      {width > 0 && laid.descendants().filter((box) => box.depth > 0).map((box) => {
        const { node } = box.data;
        const [w, h] = [box.x1 - box.x0, box.y1 - box.y0];
        if (w < 3 || h < 3) return null;
        const group = box.height > 0;
        const colour = colours.get(node.path.split("/")[0] ?? "");
        const amount = formatUsd(group ? node.total : node.own);
        return (
          <Link
            key={`${node.path}${group ? "/" : ""}${box.depth}`} href={href(node)} className={`tile ${group ? "group" : ""}`}
            title={`${node.path}: ${amount}`} aria-label={`${node.path}: ${amount}`}
            style={{
              left: box.x0, top: box.y0, width: w, height: h,
              background: `color-mix(in oklab, ${colour} ${group ? 14 : 34}%, var(--surface))`,
            }}
          >
            {w > LABEL.width && h > LABEL.height - 4 && (
              group ? <b>{node.name} <span className="numeric" style={{ fontWeight: 400 }}>{amount}</span></b>
                : <><b>{node.name}</b>{h > 42 && <span className="numeric">{amount}</span>}</>
            )}
          </Link>
        );
      })}
    </div>
  );
}

function rootOf(children: SectionNode[]): SectionNode {
  return { name: "", path: "", own: 0n, total: 0n, calls: 0, unpriced: 0, children };
}

/** What a section costs itself is a tile beside those of the sections below it. */
function tile(node: SectionNode): Tile {
  if (node.children.length === 0) return { node, children: [] };
  const own: Tile[] = node.own > 0n ? [{ node: { ...node, children: [] }, children: [] }] : [];
  return { node, children: [...own, ...node.children.map(tile)] };
}
