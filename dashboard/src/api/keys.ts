import type { View } from "../filters/view";
import { address, type Call } from "./call";
import { send } from "./send";
import { tenantQuery } from "./stats";

export type Scope = "ingest" | "read" | "admin";

/** An item of `GET /api-keys`. */
export interface ApiKey {
  id: string;
  name: string | null;
  key_prefix: string;
  /** Null: a platform key. */
  tenant_id: string | null;
  scopes: string[];
  created_at: string;
  expires_at: string | null;
  revoked_at?: string | null;
}

/** The answer to its making, with the key itself: shown this once. */
export interface CreatedKey extends ApiKey {
  key: string;
}

export interface KeyWish {
  name?: string;
  scopes: Scope[];
  expires_at?: string;
  platform?: boolean;
}

export const keys = (view: View): Call<ApiKey[]> => ({ url: address("/api-keys", tenantQuery(view)) });

export async function createKey(view: View, wish: KeyWish): Promise<CreatedKey> {
  const { body } = await send<CreatedKey>(address("/api-keys", tenantQuery(view)), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(wish),
  });
  return body;
}

export async function revokeKey(view: View, id: string): Promise<void> {
  await send(address(`/api-keys/${encodeURIComponent(id)}`, tenantQuery(view)), { method: "DELETE" });
}
