-- Raw events of these hours have expired: nothing is left to make the runs anew from.
ALTER TABLE runs DELETE
WHERE tenant_id = {tenant:String} AND bucket < toDateTime({first:UInt32}, 'UTC')
  AND arrayExists(customer -> hex(SHA256(concat(tenant_id, '\0', customer))) = {customer:String}, customer_ids)
