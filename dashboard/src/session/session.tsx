import { useQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useMemo, useSyncExternalStore } from "react";
import type { Problem } from "../api/problem";
import { identityOf } from "../api/question";
import type { Identity, ServerConfig } from "../api/session";
import { Failure, Skeleton } from "../parts/states";
import { credential } from "./credential";
import { SignIn } from "./sign-in";

export interface Session extends ServerConfig {
  identity: Identity;
  /** May see all tenants, and therefore choose one. */
  seesAll: boolean;
  may(scope: Identity["scopes"][number]): boolean;
  signOut(): void;
}

const Context = createContext<Session | null>(null);

/** Lets in who is signed in, shows everyone else the way. */
export function SessionGate({ config, children }: { config: ServerConfig; children: ReactNode }) {
  const token = useSyncExternalStore(credential.subscribe, () => credential.get());
  const known = config.auth === "off" || token !== null;
  const identity = useQuery<Identity, Problem>({ ...identityOf(token), enabled: known });
  const session = useMemo<Session | null>(() => identity.data ? {
    ...config,
    identity: identity.data,
    seesAll: identity.data.tenant_id === null,
    may: (scope) => identity.data.scopes.includes(scope),
    signOut: () => credential.clear(),
  } : null, [config, identity.data]);

  if (!known) return <SignIn config={config} reason={credential.rejection()} />;
  if (session) return <Context value={session}>{children}</Context>;
  if (identity.error) {
    return (
      <main className="gate">
        <Failure problem={identity.error} retry={() => void identity.refetch()} />
      </main>
    );
  }
  return <main className="gate" aria-busy="true"><Skeleton height={120} width={320} /></main>;
}

export function useSession(): Session {
  const session = useContext(Context);
  if (!session) throw new Error("no session above this component");
  return session;
}
