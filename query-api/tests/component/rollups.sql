INSERT INTO {{table}} (tenant_id, bucket, customer_id, provider, model, section_path, environment,
    status, cost_usd, unpriced_count, event_count, call_count, error_count, input_tokens,
    output_tokens, latency_us_sum, latency_count, latency_buckets)
SELECT
    tenant_id, toStartOfInterval(timestamp, INTERVAL {{minutes}} MINUTE) AS start,
    ifNull(customer_id, '') AS c, provider, ifNull(model, '') AS m, ifNull(section_path, '') AS s,
    ifNull(environment, '') AS e, toString(status) AS t,
    sum(toDecimal128(ifNull(cost_usd, 0), 12)), countIf(cost_usd IS NULL), count(), countIf(is_call),
    countIf(is_call AND t IN ('error', 'timeout', 'rate_limited')),
    sumIf(input_tokens, is_call), sumIf(output_tokens, is_call),
    sumIf(us, is_call AND latency_ms IS NOT NULL), countIf(is_call AND latency_ms IS NOT NULL),
    sumMapIf(map(b, toUInt64(1)), is_call AND latency_ms IS NOT NULL)
FROM (
    SELECT *, span_type NOT IN ('agent', 'tool', 'section') AS is_call,
        toUInt64(ifNull(latency_ms, 0) * 1000) AS us,
        toInt16(if(us = 0, -1, ceil(log(us) / log(1.01 / 0.99)))) AS b
    FROM trace_events)
GROUP BY tenant_id, start, c, provider, m, s, e, t;
INSERT INTO {{table}} (tenant_id, bucket, provider, marker, call_count)
VALUES ('', now(), 'marker', 'p0', 1);
