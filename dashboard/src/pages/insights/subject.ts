import type { Insight, Subject } from "../../api/insights";
import { useHref } from "../../filters/use-view";
import { type Facet, type Filters, subtree, type View } from "../../filters/view";

/** The page that shows what an insight is about: its subject as filters, its day as the time. */
export function useSubjectHref(insight: Insight): (subject: Subject) => string {
  const href = useHref();
  const { from, to } = insight.evidence;
  return (subject) => {
    const change: Partial<View> = { filters: filtersOf(subject), range: { kind: "between", from, to } };
    if (insight.tenant_id) change.tenant = insight.tenant_id;
    if (insight.type === "unpriced_usage") return href("/app/models", change, { only: "unpriced" });
    return href("/", change);
  };
}

function filtersOf(subject: Subject): Filters {
  const filters: Filters = {};
  if (subject.provider) filters.provider = [subject.provider];
  if (subject.model) filters.model = [subject.model];
  if (subject.customer_id) filters.customer_id = [subject.customer_id];
  if (subject.section) filters.section = [subtree(subject.section)];
  return filters;
}

export function subjectLabel(subject: Subject): string {
  const names = [subject.provider, subject.model, subject.section, subject.customer_id].filter(Boolean);
  return names.length > 0 ? names.join(" · ") : "the whole tenant";
}

/** What a subject can name. */
const NAMED: Facet[] = ["customer_id", "provider", "model", "section"];

/** Whether an insight is about what the filters name: itself, or where else it shows. */
export function concerns(insight: Insight, filters: Filters): boolean {
  const subjects = [insight.subject, ...(insight.evidence.also ?? [])];
  const holds = (facet: Facet, value: string) => subjects.some((subject) => filtersOf(subject)[facet]?.[0] === value);
  return NAMED.every((facet) => !filters[facet] || filters[facet].some((value) => holds(facet, value)));
}
