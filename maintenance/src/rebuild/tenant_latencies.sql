-- As the aggregator does (`aggregator::rollup::usage`): the sketches of a tenant's keys in a row of their own.
-- Keys are read in their order, so that memory holds one bucket at a time.
INSERT INTO usage_15m (tenant_id, bucket, environment, tenant_latency_buckets)
SELECT keys.tenant_id AS tenant, keys.bucket AS starts, keys.environment AS environment_name, sumMap(keys.latency_buckets) AS latencies
FROM usage_15m AS keys
WHERE keys.tenant_id != '' AND ({tenant:String} = '' OR keys.tenant_id = {tenant:String})
  AND keys.bucket >= toDateTime({from:UInt32}, 'UTC') AND keys.bucket < toDateTime({to:UInt32}, 'UTC')
GROUP BY tenant, starts, environment_name
HAVING notEmpty(latencies)
SETTINGS optimize_aggregation_in_order = 1, max_partitions_per_insert_block = 0
