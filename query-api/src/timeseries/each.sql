-- One row per bucket and group, of every group: who is dearest is found out by whoever asks.
WITH usage AS (
{{usage}}
)
SELECT
    roundDown(toUnixTimestamp(usage.bucket), {starts:Array(UInt32)}) AS start,
    true AS is_top,
    {{key}} AS group_name,
    sum(usage.cost_usd) AS total_cost,
    sum(usage.unpriced_count) AS unpriced_count,
    sum(usage.call_count) AS call_count
FROM usage
GROUP BY start, group_name
HAVING call_count > 0 OR total_cost != 0 OR unpriced_count > 0
LIMIT {rows:UInt64}
