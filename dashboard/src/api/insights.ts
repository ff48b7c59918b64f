import type { View } from "../filters/view";
import { address, type Call } from "./call";
import { tenantQuery } from "./stats";

/** What an insight is about, as the filters of the statistics name it. */
export interface Subject {
  provider?: string | null;
  model?: string | null;
  /** The path of a section. */
  section?: string | null;
  customer_id?: string | null;
}

/** An item of `GET /insights/daily`. */
export interface Insight {
  tenant_id?: string;
  type: string;
  severity: string;
  message: string;
  subject: Subject;
  /** In the unit of `evidence.metric`. */
  expected: string | number | null;
  actual: string | number | null;
  evidence: Evidence;
}

export interface Evidence {
  metric: string;
  /** The day in question. */
  from: string;
  to: string;
  impact_usd?: string | number | null;
  /** Between which figures a day usually lies. */
  usual?: [number, number] | null;
  /** The figure of each day, the one in question last. */
  days?: (number | null)[];
  /** Where the same change shows as well. */
  also?: Subject[];
  /** Runs that show it. */
  runs?: string[];
  /** The question that shows it. */
  api?: string;
}

/** About the 24 hours that end at `asOf`; now when empty. */
export const insights = (view: View, asOf: string): Call<Insight[]> => ({
  url: address("/insights/daily", [...tenantQuery(view), ...(asOf ? [["as_of", asOf] as [string, string]] : []), ["money", "string"]]),
});
