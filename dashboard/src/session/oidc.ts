import { UserManager, WebStorageStateStore } from "oidc-client-ts";
import type { ServerConfig } from "../api/session";
import { credential } from "./credential";

export const RETURN_PATH = "/app/signed-in";

type Oidc = NonNullable<ServerConfig["oidc"]>;

/** OpenID Connect, authorization code with PKCE; nothing of it outlives the tab. */
function manager(oidc: Oidc): UserManager {
  return new UserManager({
    authority: oidc.issuer,
    client_id: oidc.client_id,
    redirect_uri: location.origin + RETURN_PATH,
    scope: oidc.scope,
    response_type: "code",
    loadUserInfo: false,
    monitorSession: false,
    automaticSilentRenew: false,
    userStore: new WebStorageStateStore({ store: sessionStorage }),
    stateStore: new WebStorageStateStore({ store: sessionStorage }),
  });
}

/** Leaves for the issuer's page; comes back to {@link RETURN_PATH}. */
export async function begin(oidc: Oidc): Promise<void> {
  const here = location.pathname + location.search;
  await manager(oidc).signinRedirect({ state: here });
}

/**
 * Takes what the issuer sent back, and tells where the visitor wanted to go.
 * The access token when it is a JWT, which we can check, else the ID token.
 */
export async function complete(oidc: Oidc): Promise<string> {
  const users = manager(oidc);
  const user = await users.signinRedirectCallback();
  await users.removeUser();
  const isJwt = user.access_token.split(".").length === 3;
  const token = isJwt ? user.access_token : user.id_token;
  if (!token) throw new Error("the issuer sent no token");
  credential.set(token);
  const wanted = typeof user.state === "string" ? user.state : "/";
  return wanted.startsWith("/") && !wanted.startsWith("//") ? wanted : "/";
}
