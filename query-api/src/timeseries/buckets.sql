-- One row per bucket that has events; the starts are handed over.
WITH usage AS (
{{usage}}
)
SELECT
    roundDown(toUnixTimestamp(usage.bucket), {starts:Array(UInt32)}) AS start,
    sum(usage.cost) AS total_cost,
    sum(usage.unpriced) AS unpriced_count,
    sum(usage.calls) AS call_count
FROM usage
GROUP BY start
