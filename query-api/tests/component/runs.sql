INSERT INTO runs (tenant_id, bucket, run_id, started_at, ended_at, cost_usd, unpriced_count,
    event_count, call_count, error_count, section_costs, customer_ids, providers, models,
    environments, statuses)
SELECT
    tenant_id, toStartOfHour(timestamp) AS hour, run_id, min(timestamp),
    max(timestamp + toIntervalMicrosecond(toUInt64(ifNull(latency_ms, 0) * 1000))),
    sum(cost), countIf(cost_usd IS NULL), count(), countIf(is_call),
    countIf(is_call AND status IN ('error', 'timeout', 'rate_limited')),
    sumMapIf(map(assumeNotNull(section_path), cost), section_path IS NOT NULL),
    arrayFilter(x -> x != '', groupUniqArray(ifNull(customer_id, ''))),
    arrayFilter(x -> x != '', groupUniqArray(provider)),
    arrayFilter(x -> x != '', groupUniqArray(ifNull(model, ''))),
    arrayFilter(x -> x != '', groupUniqArray(ifNull(environment, ''))),
    groupUniqArray(toString(status))
FROM (
    SELECT *, span_type NOT IN ('agent', 'tool', 'section') AS is_call,
        toDecimal128(ifNull(cost_usd, 0), 12) AS cost
    FROM trace_events)
GROUP BY tenant_id, hour, run_id;
INSERT INTO runs (tenant_id, bucket, run_id, marker, call_count)
VALUES ('', toStartOfHour(now()), 'marker', 'p0', 1);
