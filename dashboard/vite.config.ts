import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `npm run dev` finds a running instance. */
const api = process.env.LLMOBSERVE_URL ?? "http://127.0.0.1:8000";
const routes = ["/runs", "/stats", "/dashboard", "/insights", "/admin", "/api-keys", "/whoami", "/app/config.json", "/openapi.json", "/docs"];

export default defineConfig({
  plugins: [react()],
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
