SELECT sum(event_count) AS events, sum(cost_usd) AS cost
FROM usage_15m
WHERE tenant_id = {tenant:String}
  AND ({customer:String} = '' OR hex(SHA256(concat(tenant_id, '\0', customer_id))) = {customer:String})
