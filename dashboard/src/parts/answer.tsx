import type { ReactNode } from "react";
import type { Problem } from "../api/problem";
import { Failure, SkeletonRows } from "./states";

interface Asked<T> {
  data: T | undefined;
  error: Problem | null;
  isPlaceholderData?: boolean;
  refetch(): unknown;
}

interface Props<T> {
  of: Asked<T>;
  waiting?: ReactNode;
  children(data: T): ReactNode;
}

/** What a call answered: until then a skeleton, after a failure its reason. */
export function Answer<T>({ of, waiting, children }: Props<T>) {
  // Of a page that follows the time, one failed call in between takes nothing away.
  if (of.error && (of.data === undefined || !of.error.passes)) {
    return <div style={{ padding: "8px 16px" }}><Failure problem={of.error} retry={() => void of.refetch()} /></div>;
  }
  if (of.data === undefined) return waiting ?? <SkeletonRows />;
  return <div className={of.isPlaceholderData ? "stale" : ""}>{children(of.data)}</div>;
}
