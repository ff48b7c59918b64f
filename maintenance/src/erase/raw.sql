SELECT _epoch AS epoch, _partition AS partition, max(_batch_end) AS offset_end,
       count() AS raw_events, sum(toDecimal128(ifNull(cost_usd, 0), 12)) AS cost
FROM trace_events
WHERE tenant_id = {tenant:String}
  AND ({customer:String} = ''
       OR hex(SHA256(concat(tenant_id, '\0', ifNull(customer_id, '')))) = {customer:String})
GROUP BY epoch, partition
ORDER BY epoch, partition
