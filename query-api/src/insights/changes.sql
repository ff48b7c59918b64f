-- What changed where: the day against an average day before it, by everything that tells events
-- apart. Findings about different subjects that rest on the same rows are one cause.
SELECT
    tenant_id, provider, model, section_path, customer_id,
    sumIf(cost_usd, is_day) AS day_cost,
    sumIf(cost_usd, NOT is_day) AS past_cost,
    sumIf(error_count, is_day) AS day_errors,
    sumIf(error_count, NOT is_day) AS past_errors
FROM (
    SELECT *, bucket >= toDateTime({to:UInt32} - 86400, 'UTC') AS is_day
    FROM usage_15m
    WHERE {{tenant}}
      AND bucket >= toDateTime({from:UInt32}, 'UTC')
      AND bucket < toDateTime({to:UInt32}, 'UTC')
)
WHERE tenant_id IN {tenants:Array(String)}
GROUP BY tenant_id, provider, model, section_path, customer_id
ORDER BY
    abs(toFloat64(day_cost) - toFloat64(past_cost) / {days:UInt32}) + day_errors DESC,
    tenant_id, provider, model, section_path, customer_id
LIMIT {rows_max:UInt64}
