-- How many tenants, buckets and environments have another sketch than their keys have together.
SELECT count()
FROM
(
    SELECT rollup.tenant_id AS tenant, rollup.bucket AS starts
    FROM usage_15m AS rollup
    WHERE rollup.tenant_id != '' AND ({tenant:String} = '' OR rollup.tenant_id = {tenant:String})
      AND rollup.bucket >= toDateTime({from:UInt32}, 'UTC') AND rollup.bucket < toDateTime({to:UInt32}, 'UTC')
    GROUP BY tenant, starts, rollup.environment
    HAVING sumMap(rollup.tenant_latency_buckets) != sumMap(rollup.latency_buckets)
)
