SELECT * FROM
(
    SELECT tenant_id, run_id, min(started_at), sum(cost_usd), sum(unpriced_count), sum(event_count),
           sum(call_count), sum(error_count), sum(input_tokens), sum(output_tokens)
    FROM runs WHERE tenant_id != '' GROUP BY tenant_id, run_id
    UNION ALL
    SELECT tenant_id, run_id, min(timestamp), ifNull(sum(toDecimal128(cost_usd, 12)), 0), countIf(cost_usd IS NULL), count(),
           countIf(span_type NOT IN ('agent', 'tool', 'section')),
           countIf(span_type NOT IN ('agent', 'tool', 'section') AND status IN ('error', 'timeout', 'rate_limited')),
           sumIf(input_tokens, span_type NOT IN ('agent', 'tool', 'section')),
           sumIf(output_tokens, span_type NOT IN ('agent', 'tool', 'section'))
    FROM trace_events GROUP BY tenant_id, run_id
)
GROUP BY ALL HAVING count() != 2 LIMIT 3
