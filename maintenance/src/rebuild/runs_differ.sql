-- How many tenants and hours do not add up to the same in `runs` and in trace_events.
SELECT count()
FROM
(
    SELECT *
    FROM
    (
        SELECT rollup.tenant_id AS tenant, rollup.bucket AS starts,
               sum(rollup.cost_usd), sum(rollup.unpriced_count), sum(rollup.event_count), sum(rollup.call_count),
               sum(rollup.error_count), sum(rollup.input_tokens), sum(rollup.output_tokens),
               uniqExact(rollup.run_id), min(rollup.started_at), max(rollup.ended_at),
               arraySum(mapValues(sumMap(rollup.section_costs))),
               length(groupUniqArrayArray(rollup.customer_ids))
        FROM runs AS rollup
        WHERE rollup.tenant_id != '' AND ({tenant:String} = '' OR rollup.tenant_id = {tenant:String})
          AND rollup.bucket >= toDateTime({from:UInt32}, 'UTC') AND rollup.bucket < toDateTime({to:UInt32}, 'UTC')
        GROUP BY tenant, starts
        UNION ALL
        SELECT raw.tenant_id AS tenant, toDateTime(intDiv(toUnixTimestamp(raw.timestamp), 3600) * 3600, 'UTC') AS starts,
               sum(toDecimal128(ifNull(raw.cost_usd, 0), 12)), countIf(raw.cost_usd IS NULL), count(),
               countIf(raw.span_type NOT IN ('agent', 'tool', 'section') AS is_call),
               countIf(is_call AND raw.status IN ('error', 'timeout', 'rate_limited')),
               sumIf(raw.input_tokens, is_call), sumIf(raw.output_tokens, is_call),
               uniqExact(raw.run_id), min(raw.timestamp),
               max(fromUnixTimestamp64Micro(toUnixTimestamp64Micro(raw.timestamp) + toInt64(ifNull(raw.latency_ms, 0) * 1000), 'UTC')),
               sumIf(toDecimal128(ifNull(raw.cost_usd, 0), 12), ifNull(toString(raw.section_path), '') != ''),
               uniqExactIf(raw.customer_id, ifNull(raw.customer_id, '') != '')
        FROM trace_events AS raw
        WHERE ({tenant:String} = '' OR raw.tenant_id = {tenant:String})
          AND raw.timestamp >= toDateTime({from:UInt32}, 'UTC') AND raw.timestamp < toDateTime({to:UInt32}, 'UTC')
        GROUP BY tenant, starts
    )
    GROUP BY ALL
    HAVING count() != 2
)
