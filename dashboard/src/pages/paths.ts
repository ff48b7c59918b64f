import { useCallback } from "react";
import { useHref, useView } from "../filters/use-view";

/** Addresses of pages about one thing, whose name may hold anything. */
export const runPath = (runId: string) => `/app/runs/${encodeURIComponent(runId)}`;
export const customerPath = (customerId: string) => `/app/customers/${encodeURIComponent(customerId)}`;

/**
 * The address of a run's page. Where all tenants are shown it says whose run is meant, since
 * another's may bear the same id.
 */
export function useRunHref() {
  const href = useHref();
  const { view } = useView();
  const all = view.tenant === null;
  return useCallback(
    (run: { run_id: string; tenant_id?: string }) => href(runPath(run.run_id), {}, all && run.tenant_id ? { of: run.tenant_id } : {}),
    [href, all],
  );
}
