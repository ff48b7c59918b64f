-- Sketches of whole tenants, the customer's calls among them.
ALTER TABLE erased_table DELETE WHERE tenant_id = {tenant:String} AND status = ''
