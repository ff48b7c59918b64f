// Compiles `src` twice: once for `import`, once for `require`. State that must exist once in a
// process lies in `src/shared.ts`, so that both may be loaded side by side.
import { execFileSync } from "node:child_process";
import { createRequire } from "node:module";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const here = import.meta.dirname ?? dirname(new URL(import.meta.url).pathname);
const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
const tsc = join(dirname(manifest), "bin", "tsc");

function compile(kind, type, ...options) {
  const outDir = join(here, "dist", kind);
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  writeFileSync(join(outDir, "package.json"), JSON.stringify({ type }) + "\n");
  const command = [tsc, "-p", join(here, "tsconfig.json"), "--outDir", outDir, ...options];
  execFileSync(process.execPath, command, { stdio: "inherit" });
}

compile("esm", "module");
compile("cjs", "commonjs", "--module", "commonjs", "--moduleResolution", "bundler");
