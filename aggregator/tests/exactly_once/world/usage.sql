SELECT * FROM
(
    SELECT tenant_id, bucket, customer_id, provider, model, section_path, environment, status,
           sum(cost_usd), sum(unpriced_count), sum(event_count), sum(call_count), sum(error_count),
           sum(input_tokens), sum(output_tokens), sum(cached_tokens), sum(latency_us_sum), sum(latency_count),
           arraySum(mapValues(sumMap(latency_buckets)))
    FROM {table} WHERE tenant_id != '' AND status != '' AND bucket >= {since} GROUP BY ALL
    UNION ALL
    SELECT tenant_id, toDateTime(toStartOfInterval(timestamp, INTERVAL {seconds} SECOND), 'UTC'), ifNull(customer_id, ''),
           provider, ifNull(model, ''), ifNull(section_path, ''), ifNull(environment, ''), toString(status),
           ifNull(sum(toDecimal128(cost_usd, 12)), 0), countIf(cost_usd IS NULL), count(),
           countIf(span_type NOT IN ('agent', 'tool', 'section')),
           countIf(span_type NOT IN ('agent', 'tool', 'section') AND status IN ('error', 'timeout', 'rate_limited')),
           sumIf(input_tokens, span_type NOT IN ('agent', 'tool', 'section')),
           sumIf(output_tokens, span_type NOT IN ('agent', 'tool', 'section')),
           sumIf(cached_tokens, span_type NOT IN ('agent', 'tool', 'section')),
           toUInt64(ifNull(sumIf(latency_ms, span_type NOT IN ('agent', 'tool', 'section')), 0) * 1000),
           countIf(latency_ms IS NOT NULL AND span_type NOT IN ('agent', 'tool', 'section')),
           countIf(latency_ms IS NOT NULL AND span_type NOT IN ('agent', 'tool', 'section'))
    FROM trace_events WHERE timestamp >= {since} GROUP BY ALL
)
GROUP BY ALL HAVING count() != 2 LIMIT 3
