-- How many tenants and buckets do not add up to the same in the rollup and in trace_events.
SELECT count()
FROM
(
    SELECT *
    FROM
    (
        SELECT rollup.tenant_id AS tenant, rollup.bucket AS starts,
               sum(rollup.cost_usd), sum(rollup.unpriced_count), sum(rollup.event_count), sum(rollup.call_count),
               sum(rollup.error_count), sum(rollup.input_tokens), sum(rollup.output_tokens), sum(rollup.cached_tokens),
               sum(rollup.cache_write_tokens), sum(rollup.reasoning_tokens), sum(rollup.latency_us_sum),
               sum(rollup.latency_count), arraySum(mapValues(sumMap(rollup.latency_buckets))),
               uniqExact(rollup.customer_id, rollup.provider, rollup.model, rollup.section_path, rollup.environment, rollup.status)
        FROM usage_table AS rollup
        WHERE rollup.tenant_id != '' AND rollup.status != '' AND ({tenant:String} = '' OR rollup.tenant_id = {tenant:String})
          AND rollup.bucket >= toDateTime({from:UInt32}, 'UTC') AND rollup.bucket < toDateTime({to:UInt32}, 'UTC')
        GROUP BY tenant, starts
        UNION ALL
        SELECT raw.tenant_id AS tenant,
               toDateTime(intDiv(toUnixTimestamp(raw.timestamp), {seconds:UInt32}) * {seconds:UInt32}, 'UTC') AS starts,
               sum(toDecimal128(ifNull(raw.cost_usd, 0), 12)), countIf(raw.cost_usd IS NULL), count(),
               countIf(raw.span_type NOT IN ('agent', 'tool', 'section') AS is_call),
               countIf(is_call AND raw.status IN ('error', 'timeout', 'rate_limited')),
               sumIf(raw.input_tokens, is_call), sumIf(raw.output_tokens, is_call), sumIf(raw.cached_tokens, is_call),
               sumIf(raw.cache_write_tokens, is_call), sumIf(raw.reasoning_tokens, is_call),
               sumIf(toUInt64(ifNull(raw.latency_ms, 0) * 1000), is_call),
               countIf(is_call AND raw.latency_ms IS NOT NULL), countIf(is_call AND raw.latency_ms IS NOT NULL),
               uniqExact(ifNull(raw.customer_id, ''), raw.provider, ifNull(toString(raw.model), ''),
                         ifNull(toString(raw.section_path), ''), ifNull(toString(raw.environment), ''), toString(raw.status))
        FROM trace_events AS raw
        WHERE ({tenant:String} = '' OR raw.tenant_id = {tenant:String})
          AND raw.timestamp >= toDateTime({from:UInt32}, 'UTC') AND raw.timestamp < toDateTime({to:UInt32}, 'UTC')
          AND ({late_days:UInt32} = 0 OR raw.timestamp >= raw._log_time - toIntervalDay({late_days:UInt32}))
        GROUP BY tenant, starts
    )
    GROUP BY ALL
    HAVING count() != 2
)
