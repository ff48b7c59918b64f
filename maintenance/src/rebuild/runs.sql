-- As the aggregator folds a batch (`aggregator::rollup::runs`).
INSERT INTO runs
    (tenant_id, bucket, run_id, started_at, ended_at,
     cost_usd, unpriced_count, event_count, call_count, error_count, input_tokens, output_tokens,
     section_costs, customer_ids, providers, models, environments, statuses)
SELECT
    tenant, starts, run, min(started), max(ended),
    sum(cost), countIf(is_unpriced), count(), countIf(is_call), countIf(is_error),
    sumIf(input, is_call), sumIf(output, is_call),
    sumMapIf(map(path, cost), path != ''),
    arraySort(groupUniqArrayIf(customer, customer != '')),
    arraySort(groupUniqArrayIf(provided_by, provided_by != '')),
    arraySort(groupUniqArrayIf(model_name, model_name != '')),
    arraySort(groupUniqArrayIf(environment_name, environment_name != '')),
    arraySort(groupUniqArray(status_name))
FROM
(
    SELECT
        raw.tenant_id AS tenant,
        toDateTime(intDiv(toUnixTimestamp(raw.timestamp), 3600) * 3600, 'UTC') AS starts,
        raw.run_id AS run,
        raw.timestamp AS started,
        fromUnixTimestamp64Micro(toUnixTimestamp64Micro(raw.timestamp) + toInt64(ifNull(raw.latency_ms, 0) * 1000), 'UTC') AS ended,
        ifNull(raw.customer_id, '') AS customer,
        toString(raw.provider) AS provided_by,
        ifNull(toString(raw.model), '') AS model_name,
        ifNull(toString(raw.section_path), '') AS path,
        ifNull(toString(raw.environment), '') AS environment_name,
        toString(raw.status) AS status_name,
        toDecimal128(ifNull(raw.cost_usd, 0), 12) AS cost,
        raw.cost_usd IS NULL AS is_unpriced,
        raw.span_type NOT IN ('agent', 'tool', 'section') AS is_call,
        is_call AND raw.status IN ('error', 'timeout', 'rate_limited') AS is_error,
        raw.input_tokens AS input,
        raw.output_tokens AS output
    FROM trace_events AS raw
    WHERE ({tenant:String} = '' OR raw.tenant_id = {tenant:String})
      AND raw.timestamp >= toDateTime({from:UInt32}, 'UTC') AND raw.timestamp < toDateTime({to:UInt32}, 'UTC')
)
GROUP BY tenant, starts, run
