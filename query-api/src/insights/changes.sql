-- What changed where: the day, the same weekdays before it and the sums of the four weeks, by
-- everything that tells events apart. Findings that rest on the same rows are one cause.
SELECT
    tenant_id, provider, model, section_path, customer_id,
    (
        sumIf(cost_usd, day = 0), sumIf(call_count, day = 0), sumIf(error_count, day = 0),
        sumIf(unpriced_count, day = 0), sumIf(input_tokens, day = 0), sumIf(output_tokens, day = 0),
        sumIf(cached_tokens, day = 0)
    ) AS the_day,
    [
        (sumIf(cost_usd, day = 7), sumIf(call_count, day = 7), sumIf(error_count, day = 7)),
        (sumIf(cost_usd, day = 14), sumIf(call_count, day = 14), sumIf(error_count, day = 14)),
        (sumIf(cost_usd, day = 21), sumIf(call_count, day = 21), sumIf(error_count, day = 21)),
        (sumIf(cost_usd, day = 28), sumIf(call_count, day = 28), sumIf(error_count, day = 28))
    ] AS weekdays,
    (
        sumIf(cost_usd, day > 0), sumIf(call_count, day > 0), sumIf(input_tokens, day > 0),
        sumIf(cached_tokens, day > 0)
    ) AS past
FROM (
    SELECT *, intDiv({to:UInt32} - 1 - toUnixTimestamp(bucket), 86400) AS day
    FROM usage_15m
    WHERE {{tenant}}
      AND tenant_id IN {tenants:Array(String)}
      AND bucket >= toDateTime({from:UInt32}, 'UTC')
      AND bucket < toDateTime({to:UInt32}, 'UTC')
)
GROUP BY tenant_id, provider, model, section_path, customer_id
ORDER BY
    tenant_id,
    abs(toFloat64(the_day.1) - toFloat64(weekdays[1].1 + weekdays[2].1 + weekdays[3].1 + weekdays[4].1) / 4)
        + the_day.3 DESC,
    provider, model, section_path, customer_id
LIMIT {changes_max:UInt64} BY tenant_id
LIMIT {rows_max:UInt64}
