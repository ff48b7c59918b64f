// Bundles `src` twice, for `import` and for `require`: one file loads several times as fast as
// forty. State that must exist once in a process lies in `src/shared.ts`, so that both may be
// loaded side by side. The types are the compiler's.
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
const tsc = join(dirname(manifest), "bin", "tsc");

async function bundle(format, type, ...options) {
  const outdir = join(here, "dist", format);
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  writeFileSync(join(outdir, "package.json"), JSON.stringify({ type }) + "\n");
  await build({
    absWorkingDir: here,
    entryPoints: ["src/index.ts", "src/internals.ts"],
    outdir,
    format,
    bundle: true,
    platform: "node",
    target: "node18.12",
  });
  await build({
    absWorkingDir: here,
    entryPoints: ["src/api.ts"], // for browsers: nothing of Node's can be resolved
    outdir,
    format,
    bundle: true,
    platform: "browser",
    target: "es2022",
  });
  const command = [tsc, "-p", join(here, "tsconfig.json"), "--emitDeclarationOnly"];
  execFileSync(process.execPath, [...command, "--outDir", outdir, ...options], { stdio: "inherit" });
}

await bundle("esm", "module");
await bundle("cjs", "commonjs", "--module", "commonjs", "--moduleResolution", "bundler");
