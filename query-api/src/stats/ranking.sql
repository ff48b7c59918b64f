-- The groups of the filtered events, dearest first; all_cost is that of all groups, also of
-- those that other pages show.
WITH usage AS (
{{usage}}
)
SELECT
    {{key_1}} AS key_1, {{key_2}} AS key_2,
    sum(usage.cost_usd) AS cost,
    sum(usage.unpriced_count) AS unpriced,
    sum(usage.call_count) AS calls,
    sum(usage.input_tokens) AS input,
    sum(usage.output_tokens) AS output,
    sum(usage.latency_us_sum) AS latency_us,
    sum(usage.latency_count) AS latencies,
    max(usage.bucket) AS last_bucket,
    sum(cost) OVER () AS all_cost
FROM usage
GROUP BY key_1, key_2
HAVING calls > 0 OR cost != 0 OR unpriced > 0 OR {{keep}}
QUALIFY cost < {after_cost:Decimal(38, 12)}
    OR (cost = {after_cost:Decimal(38, 12)} AND (key_1, key_2) > ({after_1:String}, {after_2:String}))
ORDER BY cost DESC, key_1, key_2
LIMIT {limit:UInt64}
