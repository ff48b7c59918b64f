ALTER TABLE erased_table DELETE WHERE tenant_id = {tenant:String}
