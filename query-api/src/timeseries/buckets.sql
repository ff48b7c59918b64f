-- One row per bucket that has events; the starts are handed over.
WITH usage AS (
{{usage}}
)
SELECT
    roundDown(toUnixTimestamp(usage.bucket), {starts:Array(UInt32)}) AS start,
    sum(usage.cost_usd) AS total_cost,
    sum(usage.unpriced_count) AS unpriced_count,
    sum(usage.call_count) AS call_count
FROM usage
GROUP BY start
