SELECT tenant_id, customer_hash, toUnixTimestamp64Milli(max(erased_at)) AS erased_at_ms
FROM erasures
GROUP BY tenant_id, customer_hash
