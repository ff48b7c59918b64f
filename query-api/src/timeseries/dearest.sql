-- One row per bucket and group; what is not among the dearest groups is one, not named.
WITH
    usage AS (
{{usage}}
    ),
    top AS (
        SELECT {{key}} AS name
        FROM usage
        GROUP BY name
        HAVING sum(usage.call_count) > 0 OR sum(usage.cost_usd) != 0 OR sum(usage.unpriced_count) > 0
        ORDER BY sum(usage.cost_usd) DESC, name
        LIMIT {groups:UInt64}
    )
SELECT
    roundDown(toUnixTimestamp(usage.bucket), {starts:Array(UInt32)}) AS start,
    toBool({{key}} IN (SELECT name FROM top)) AS is_top,
    if(is_top, {{key}}, '') AS group_name,
    sum(usage.cost_usd) AS total_cost,
    sum(usage.unpriced_count) AS unpriced_count,
    sum(usage.call_count) AS call_count
FROM usage
GROUP BY start, is_top, group_name
HAVING call_count > 0 OR total_cost != 0 OR unpriced_count > 0
