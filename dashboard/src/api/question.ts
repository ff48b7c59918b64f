import type { Call } from "./call";
import { send } from "./send";
import { type Identity, whoami } from "./session";

/** A call as the cache knows it. */
export function question(tenant: string | null, call: Call<unknown> | null) {
  return {
    queryKey: [tenant, call?.url] as const,
    queryFn: async ({ signal }: { signal?: AbortSignal }): Promise<unknown> => (await send(call?.url ?? "", { signal })).body,
  };
}

/** Who the holder of a credential is. */
export function identityOf(token: string | null) {
  return {
    queryKey: ["whoami", token] as const,
    queryFn: async () => (await send<Identity>(whoami().url)).body,
    staleTime: Number.POSITIVE_INFINITY,
  };
}
