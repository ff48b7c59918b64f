import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Problem } from "./api/problem";
import type { ServerConfig } from "./api/session";
import { App } from "./app";
import { credential } from "./session/credential";
import { identityOf } from "./session/session";
import { applyTheme } from "./session/theme";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/parts.css";
import "./styles/charts.css";
import "./styles/shell.css";

applyTheme();

const cache = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2000,
      gcTime: 5 * 60_000,
      refetchOnWindowFocus: false,
      retry: (failures, error) => error instanceof Problem && error.passes && failures < 2,
      retryDelay: (failures) => 500 * 2 ** failures,
    },
  },
});

// Nothing that one caller saw may be shown to the next.
credential.subscribe(() => cache.clear());

async function boot(root: HTMLElement): Promise<void> {
  const response = await fetch("/app/config.json", { cache: "no-store" });
  if (!response.ok) throw await Problem.of(response);
  const config: ServerConfig = await response.json();
  const serverTime = Date.parse(response.headers.get("Date") ?? "");
  // A second or two are the header's own rounding.
  const skewMs = Math.abs(serverTime - Date.now()) > 2000 ? serverTime - Date.now() : 0;
  const token = credential.get();
  // So that the first thing that is drawn is the page.
  if (config.auth === "off" || token !== null) await cache.prefetchQuery(identityOf(token));
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={cache}>
        <App config={config} skewMs={skewMs} />
      </QueryClientProvider>
    </StrictMode>,
  );
}

const root = document.getElementById("root");
if (root) {
  boot(root).catch((error: unknown) => {
    root.textContent = error instanceof Problem ? error.detail : "The server does not answer. Reload the page to try again.";
  });
}
