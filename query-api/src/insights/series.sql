-- Sums by subject and day, newest day first (0 = the 24 hours that the question is about).
-- A subject is all, a provider, a model, a section path or a customer.
WITH daily AS (
    SELECT
        tenant_id,
        subject.1 AS dimension, subject.2 AS name_1, subject.3 AS name_2,
        toUInt8(intDiv({to:UInt32} - 1 - toUnixTimestamp(bucket), 86400)) AS day,
        sum(cost_usd) AS cost,
        sum(call_count) AS calls,
        sum(error_count) AS errors,
        sum(unpriced_count) AS unpriced,
        sum(input_tokens) AS input,
        sum(output_tokens) AS output,
        sum(cached_tokens) AS cached
    FROM usage_15m
    ARRAY JOIN [
        (0, '', ''), (1, provider, ''), (2, provider, model), (3, section_path, ''), (4, customer_id, '')
    ] AS subject
    WHERE {{tenant}}
      AND bucket >= toDateTime({from:UInt32}, 'UTC')
      AND bucket < toDateTime({to:UInt32}, 'UTC')
    GROUP BY tenant_id, dimension, name_1, name_2, day
)
SELECT
    tenant_id, dimension, name_1, name_2,
    groupArray((day, cost, calls, errors, unpriced, input, output, cached)) AS days
FROM daily
WHERE dimension = 0 OR name_1 != ''
GROUP BY tenant_id, dimension, name_1, name_2
-- What is small on every day can raise no finding.
HAVING dimension = 0
    OR sumIf(cost, day = 0) >= {cost_min:Decimal(38, 12)}
    OR sumIf(cost, day > 0) >= {cost_min:Decimal(38, 12)} * {days:UInt32}
    OR sumIf(errors, day = 0) >= {errors_min:UInt64}
    OR sumIf(unpriced, day = 0) >= {unpriced_min:UInt64}
ORDER BY tenant_id, dimension, sum(cost) DESC, name_1, name_2
LIMIT {subjects_max:UInt64} BY tenant_id, dimension
LIMIT {rows_max:UInt64}
