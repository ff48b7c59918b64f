import { useCallback, useMemo } from "react";
import { useLocation, useSearch } from "wouter";
import { previous, resolve, type Period } from "./range";
import { carried, readView, type View, writeView } from "./view";
import { useClock } from "./clock";

/** The page's view, and how to change it. */
export function useView() {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const { now } = useClock();

  const params = useMemo(() => new URLSearchParams(search), [search]);
  const view = useMemo(() => readView(params), [params]);
  const change = useCallback(
    (changed: Partial<View>) => navigate(address(path, writeView(params, changed))),
    [navigate, params, path],
  );
  const periods = useMemo<{ period: Period; before: Period | null }>(() => {
    const period = resolve(view.range, now);
    return { period, before: view.compare ? previous(view.range, period) : null };
  }, [view, now]);

  return { view, change, params, ...periods };
}

/** The address of another page that keeps tenant, time and filters. */
export function useHref() {
  const search = useSearch();
  return useCallback(
    (path: string, change: Partial<View> = {}, own: Record<string, string> = {}) => {
      const params = writeView(carried(new URLSearchParams(search)), change);
      for (const [name, value] of Object.entries(own)) params.set(name, value);
      return address(path, params);
    },
    [search],
  );
}

/** A parameter of one page alone. */
export function useParam<T extends string>(name: string, fallback: T): [T, (value: T) => void] {
  const search = useSearch();
  const [path, navigate] = useLocation();
  const params = new URLSearchParams(search);
  const value = (params.get(name) as T | null) ?? fallback;
  const set = (next: T) => {
    if (next === fallback) params.delete(name);
    else params.set(name, next);
    navigate(address(path, params), { replace: true });
  };
  return [value, set];
}

function address(path: string, params: URLSearchParams): string {
  const query = params.toString();
  return query ? `${path}?${query}` : path;
}
