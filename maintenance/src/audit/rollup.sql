-- The sums, and by the markers up to which offset the table holds each partition in each month:
-- one scan, hence one snapshot, so that the two belong together.
SELECT
    toUnixTimestamp(toStartOfHour(rollup.bucket)) AS hour,
    toYYYYMM(rollup.bucket) AS month,
    rollup.marker AS log,
    max(rollup.marker_end) AS log_end,
    sum(rollup.event_count) AS events,
    sum(rollup.unpriced_count) AS unpriced_count,
    sum(rollup.cost_usd) AS cost_usd_sum,
    sum(rollup.event_count * cityHash64(rollup.tenant_id)) AS by_tenant
FROM {table:Identifier} AS rollup
WHERE rollup.bucket < toDateTime({to:UInt32}, 'UTC')
  AND ((rollup.tenant_id = '' AND rollup.bucket >= toStartOfMonth(toDateTime({from:UInt32}, 'UTC')))
    OR (rollup.tenant_id != '' AND rollup.bucket >= toDateTime({from:UInt32}, 'UTC')
        AND ({tenant:String} = '' OR rollup.tenant_id = {tenant:String})))
GROUP BY hour, month, log
