ALTER TABLE erased_table DELETE
WHERE tenant_id = {tenant:String}
  AND hex(SHA256(concat(tenant_id, '\0', ifNull(customer_id, '')))) = {customer:String}
