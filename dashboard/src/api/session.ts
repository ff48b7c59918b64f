/** Who is here, and how one signs in. */
import { address, type Call } from "./call";

/** `GET /app/config.json`: what everyone may know. */
export interface ServerConfig {
  auth: "off" | "required";
  oidc: { issuer: string; client_id: string; scope: string } | null;
  proxy_url: string | null;
  version: string;
}

/** `GET /whoami`. */
export interface Identity {
  /** The one tenant of the caller; null = may name any. */
  tenant_id: string | null;
  scopes: ("ingest" | "read" | "admin")[];
}

export const whoami = (): Call<Identity> => ({ url: address("/whoami", []) });
