import { useQuery } from "@tanstack/react-query";
import { get, type Schema } from "./call";
import type { Problem } from "./problem";
import { send } from "./send";

export type TenantStats = Schema<"TenantStats">;
export type TenantLimits = Schema<"TenantLimits">;
export type SendLimits = Schema<"SendLimits">;

export const tenants = (days = 30) => get("/admin/tenants", [["days", String(days)], ["money", "string"]]);

export const limits = () => get("/admin/limits");

/** Names of tenants, dearest first; asked for when someone looks for one. */
export function useTenants(wanted: boolean): string[] {
  const list = useQuery<string[], Problem>({
    queryKey: ["tenants"],
    queryFn: async ({ signal }) => (await send<TenantStats[]>(tenants().url, { signal })).body.map((tenant) => tenant.tenant_id),
    enabled: wanted,
    retry: false,
  });
  return list.data ?? [];
}
