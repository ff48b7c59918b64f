import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds a running instance. */
const api = process.env.LLMOBSERVE_URL ?? "http://127.0.0.1:8000";
const routes = ["/runs", "/stats", "/dashboard", "/insights", "/admin", "/api-keys", "/whoami", "/app/config.json", "/openapi.json", "/docs"];

/** The document names what `main` will import, so that it is on its way at once. */
const preloadBoot: Plugin = {
  name: "preload-boot",
  transformIndexHtml: {
    order: "post",
    handler(_html, { bundle, chunk: entry }) {
      const boot = Object.values(bundle ?? {}).find((file) => file.type === "chunk" && file.name === "boot");
      if (!bundle || !entry || !boot) return [];
      const files = new Set<string>();
      const visit = (name: string) => {
        const file = bundle[name];
        if (file?.type !== "chunk" || files.has(name) || entry.imports.includes(name)) return;
        files.add(name);
        file.imports.forEach(visit);
      };
      visit(boot.fileName);
      files.delete(entry.fileName);
      return [...files].map((name) => ({ tag: "link", attrs: { rel: "modulepreload", crossorigin: true, href: `/${name}` }, injectTo: "head" as const }));
    },
  },
};

export default defineConfig({
  plugins: [react(), preloadBoot],
  build: {
    outDir: "dist/site",
    target: "es2023",
    // The content security policy allows no `data:`.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
  },
  server: {
    proxy: Object.fromEntries(
      // With authentication off the API takes no other origin than its own.
      routes.map((route) => [route, { target: api, changeOrigin: true, headers: { origin: api } }]),
    ),
  },
  test: { include: ["src/**/*.test.ts"] },
});
