import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useCallback, useContext, useEffect, useMemo, useState } from "react";

/** How often live pages ask again. */
export const LIVE_EVERY_MS = 5000;

interface Clock {
  /** The instant that relative ranges end at. */
  now: Date;
  /** Whether pages follow the time by themselves. */
  live: boolean;
  setLive(live: boolean): void;
  /** Moves on to the present and asks everything again. */
  refresh(): void;
}

const Context = createContext<Clock | null>(null);
const KEPT = "llmobserve.live";

/**
 * One "now" for all calls of a page. `skewMs` is how far the server's clock is ahead of ours.
 */
export function ClockProvider({ skewMs, children }: { skewMs: number; children: ReactNode }) {
  const [now, setNow] = useState(() => new Date(Date.now() + skewMs));
  const [live, setLiveState] = useState(() => sessionStorage.getItem(KEPT) !== "off");
  const cache = useQueryClient();
  const moveOn = useCallback(() => setNow(new Date(Date.now() + skewMs)), [skewMs]);
  const refresh = useCallback(() => {
    moveOn();
    // Within the same minute the questions stay the same, but not their answers.
    void cache.invalidateQueries();
  }, [moveOn, cache]);
  const setLive = useCallback((on: boolean) => {
    sessionStorage.setItem(KEPT, on ? "on" : "off");
    setLiveState(on);
    if (on) refresh();
  }, [refresh]);

  useEffect(() => {
    if (!live) return;
    const timer = setInterval(() => {
      if (document.visibilityState === "visible") moveOn();
    }, LIVE_EVERY_MS);
    return () => clearInterval(timer);
  }, [live, moveOn]);

  const clock = useMemo(() => ({ now, live, setLive, refresh }), [now, live, setLive, refresh]);
  return <Context value={clock}>{children}</Context>;
}

export function useClock(): Clock {
  const clock = useContext(Context);
  if (!clock) throw new Error("no clock above this component");
  return clock;
}
