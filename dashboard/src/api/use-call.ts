import { type InfiniteData, useInfiniteQuery, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { LIVE_EVERY_MS, useClock } from "../filters/clock";
import { useView } from "../filters/use-view";
import type { Call } from "./call";
import type { Problem } from "./problem";
import { question } from "./question";
import { type Reply, send } from "./send";

interface Options {
  /** Whether the answer to the question before may stand in for this one's. */
  keep?: boolean;
  /** About a time that is over: asked once. */
  past?: boolean;
}

/**
 * Asks, and asks again while the page is live. While a changed question is under way the old
 * answer stays, but never one about another tenant.
 */
export function useCall<T>(call: Call<T> | null, options: Options = {}): UseQueryResult<T, Problem> {
  const { tenant, interval } = useFreshness();
  return useQuery<unknown, Problem>({
    ...question(tenant, call),
    enabled: call !== null,
    refetchInterval: options.past ? false : interval,
    placeholderData: (before: unknown, query?: { queryKey: readonly unknown[] }) =>
      options.keep !== false && ofTenant(query, tenant) ? before : undefined,
  }) as UseQueryResult<T, Problem>;
}

/** A list, page after page. */
export function useList<T>(call: Call<T[]>) {
  const { tenant, interval } = useFreshness();
  return useInfiniteQuery<Reply<T[]>, Problem, InfiniteData<Reply<T[]>>, readonly unknown[], string>({
    queryKey: [tenant, call.url, "pages"],
    queryFn: ({ pageParam, signal }) => send<T[]>(pageParam, { signal }),
    initialPageParam: call.url,
    getNextPageParam: (reply: Reply<T[]>) => reply.next,
    // Of a list that someone has paged through, every page would be asked for again.
    refetchInterval: (query) => ((query.state.data?.pages.length ?? 0) > 1 ? false : interval),
    placeholderData: (before, query) => (ofTenant(query, tenant) ? before : undefined),
  });
}

function useFreshness() {
  const { view } = useView();
  const { live } = useClock();
  const interval = live && view.range.kind !== "between" ? LIVE_EVERY_MS : (false as const);
  return { tenant: view.tenant, interval };
}

function ofTenant(query: { queryKey: readonly unknown[] } | undefined, tenant: string | null): boolean {
  return query?.queryKey[0] === tenant;
}
