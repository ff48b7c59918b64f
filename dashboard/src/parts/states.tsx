import type { ReactNode } from "react";
import type { Problem } from "../api/problem";
import { useView } from "../filters/use-view";
import { Icon } from "./icons";

/** A place where something is about to be. */
export function Skeleton({ height = 16, width = "100%" }: { height?: number; width?: number | string }) {
  return <div className="skeleton" style={{ height, width }} aria-hidden="true" />;
}

export function SkeletonRows({ rows = 6 }: { rows?: number }) {
  return (
    <div className="stack" style={{ padding: "12px 16px", gap: 14 }} role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, row) => <Skeleton key={row} width={`${96 - ((row * 17) % 38)}%`} />)}
    </div>
  );
}

/** Nothing there, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <h3>{title}</h3>
      {children}
    </div>
  );
}

/** What went wrong, in words, and the way on. */
export function Failure({ problem, retry }: { problem: Problem; retry?: () => void }) {
  const { change } = useView();
  return (
    <div className="failure" role="alert">
      <Icon name="error" />
      <div className="stack" style={{ gap: 8 }}>
        <p>{words(problem)}</p>
        <div className="row">
          {problem.code === "other_tenant" && (
            <button type="button" className="button small" onClick={() => change({ tenant: null })}>Show my own data</button>
          )}
          {problem.status === 400 && (
            <button type="button" className="button small" onClick={() => change({ filters: {}, range: { kind: "hours", count: 24 } })}>
              Reset time and filters
            </button>
          )}
          {retry && problem.passes && <button type="button" className="button small" onClick={retry}>Try again</button>}
        </div>
      </div>
    </div>
  );
}

function words(problem: Problem): string {
  switch (problem.status) {
    case 403:
      return problem.code === "other_tenant"
        ? "You are signed in for another tenant, so this tenant's data is not shown."
        : `You may not see this: ${problem.detail}.`;
    case 503:
      return `The data cannot be read at the moment: ${problem.detail}.`;
    default:
      return problem.detail;
  }
}
