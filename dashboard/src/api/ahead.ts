import { firstQuestions } from "../pages/overview/questions";
import { credential } from "../session/credential";
import { Problem } from "./problem";
import { identityOf } from "./question";
import type { ServerConfig } from "./session";

/** What was asked while the code that shows it was still on its way. */
export interface Ahead {
  config: ServerConfig;
  /** How far the server's clock is ahead of ours. */
  skewMs: number;
  /** First who is asking, then what the first page wants to know; nothing where nobody is signed in. */
  asked: { queryKey: readonly unknown[]; answer: Promise<unknown> }[];
}

export async function askAhead(): Promise<Ahead> {
  const response = await fetch("/app/config.json", { cache: "no-store" });
  if (!response.ok) throw await Problem.of(response);
  const config: ServerConfig = await response.json();
  const serverTime = Date.parse(response.headers.get("Date") ?? "");
  // A second or two are the header's own rounding.
  const skewMs = Math.abs(serverTime - Date.now()) > 2000 ? serverTime - Date.now() : 0;
  const token = credential.get();
  if (config.auth !== "off" && token === null) return { config, skewMs, asked: [] };
  const first = location.pathname === "/" ? firstQuestions(location.search, new Date(Date.now() + skewMs)) : [];
  const asked = [identityOf(token), ...first].map(({ queryKey, queryFn }) => ({ queryKey, answer: queryFn({}) as Promise<unknown> }));
  // What fails is asked again by whoever needs it, and tells them.
  for (const { answer } of asked) answer.catch(() => undefined);
  return { config, skewMs, asked };
}
