SELECT tenant_id, bucket, environment, sumMap(tenant_latency_buckets) AS of_tenant, sumMap(latency_buckets) AS of_keys
FROM usage_15m GROUP BY ALL HAVING of_tenant != of_keys LIMIT 3
