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
  asked: Asked[];
}

interface Asked {
  queryKey: readonly unknown[];
  queryFn(context: { signal?: AbortSignal }): Promise<unknown>;
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
  const asked = [identityOf(token), ...first].map(underWay);
  return { config, skewMs, asked };
}

/** The same question, asked now: whoever asks first gets that answer, whoever asks again a new one. */
function underWay({ queryKey, queryFn }: Asked): Asked {
  let answer: Promise<unknown> | null = queryFn({});
  // Whoever takes it hears of its failure; until then nobody need.
  answer.catch(() => undefined);
  return {
    queryKey,
    queryFn: (context) => {
      const first = answer;
      answer = null;
      return first ?? queryFn(context);
    },
  };
}
