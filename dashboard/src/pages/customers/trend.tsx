import { timeseries } from "../../api/stats";
import { useCall } from "../../api/use-call";
import { Spark } from "../../charts/spark";
import { useView } from "../../filters/use-view";
import { toFloat, usd } from "../../format/money";
import { Skeleton } from "../../parts/states";

/** Groups that one series tells apart. */
const AT_ONCE = 10;
const POINTS_MAX = 32;

/** A customer's costs over time. Ten neighbours share one call. */
export function Trend({ customer, order }: { customer: string; order: string[] }) {
  const { view, period } = useView();
  const first = Math.floor(order.indexOf(customer) / AT_ONCE) * AT_ONCE;
  const neighbours = order.slice(first, first + AT_ONCE);
  const call = timeseries({ ...view, filters: { ...view.filters, customer_id: neighbours } }, period, "customer");
  const series = useCall(call);
  if (!series.data) return <Skeleton height={20} width={96} />;
  const costs = series.data.buckets.map((bucket) => toFloat(usd(bucket.groups?.[customer]?.total_cost ?? 0)));
  // More points than the width of a word can tell apart are only noise.
  const together = Math.ceil(costs.length / POINTS_MAX);
  const values = Array.from({ length: Math.ceil(costs.length / together) }, (_, at) =>
    costs.slice(at * together, (at + 1) * together).reduce((sum, cost) => sum + cost, 0));
  return <Spark values={values} label={`Costs of ${customer} over time`} source={call.url} />;
}
