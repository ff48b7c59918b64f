-- The groups of the filtered events, dearest first; all_cost is that of all groups, also of
-- those that other pages show.
WITH
    usage AS (
{{usage}}
    ),
    grouped AS (
        SELECT
            {{key_1}} AS name_1, {{key_2}} AS name_2,
            sum(usage.cost) AS total_cost,
            sum(usage.unpriced) AS all_unpriced,
            sum(usage.calls) AS all_calls,
            sum(usage.input) AS all_input,
            sum(usage.output) AS all_output,
            sum(usage.latency_us) AS all_latency_us,
            sum(usage.latencies) AS all_latencies,
            max(usage.bucket) AS last_bucket
        FROM usage
        GROUP BY name_1, name_2
        HAVING all_calls > 0 OR total_cost != 0 OR all_unpriced > 0 OR {{keep}}
    ),
    shared AS (SELECT *, sum(total_cost) OVER () AS all_cost FROM grouped)
SELECT
    name_1 AS key_1, name_2 AS key_2, total_cost AS cost, all_unpriced AS unpriced,
    all_calls AS calls, all_input AS input, all_output AS output,
    all_latency_us AS latency_us, all_latencies AS latencies, last_bucket, all_cost
FROM shared
WHERE total_cost < {after_cost:Decimal(38, 12)}
   OR (total_cost = {after_cost:Decimal(38, 12)}
       AND (name_1, name_2) > ({after_1:String}, {after_2:String}))
ORDER BY total_cost DESC, name_1, name_2
LIMIT {limit:UInt64}
