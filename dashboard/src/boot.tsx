import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import type { Ahead } from "./api/ahead";
import { Problem } from "./api/problem";
import { App } from "./app";
import { credential } from "./session/credential";
import { applyTheme } from "./session/theme";

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

export async function boot(root: HTMLElement, ahead: Promise<Ahead>): Promise<void> {
  const { config, skewMs, asked } = await ahead;
  const [identity] = asked.map((question) => cache.prefetchQuery(question));
  // So that the first thing that is drawn is the page.
  await identity;
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={cache}>
        <App config={config} skewMs={skewMs} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
