// Tells how much JavaScript the first page needs, compressed, and fails when it is too much.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";

const KB_MAX = 300;
const folder = process.argv[2];

/** Files that are loaded at once: those that the document names, and what they import in turn. */
const wanted = [...readFileSync(join(folder, "index.html"), "utf8").matchAll(/(?:src|href)="\/(assets\/[^"]+\.js)"/g)].map(([, name]) => name);
const loaded = new Set();
while (wanted.length > 0) {
  const name = wanted.pop();
  if (loaded.has(name)) continue;
  loaded.add(name);
  const code = readFileSync(join(folder, name), "utf8");
  for (const [, imported] of code.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) wanted.push(`assets/${imported}`);
}
const bytes = [...loaded].reduce((sum, name) => sum + statSync(join(folder, `${name}.gz`)).size, 0);
const kb = (bytes / 1000).toFixed(1);
console.log(`the first page's JavaScript: ${kb} kB gzipped in ${loaded.size} files (at most ${KB_MAX})`);
if (loaded.size === 0 || bytes > KB_MAX * 1000) {
  console.error(`that is ${loaded.size === 0 ? "no file at all" : "too much"}: ${[...loaded].join(", ")}`);
  process.exit(1);
}
