getSetting('log_comment') = 'all-tenants'
OR (startsWith(getSetting('log_comment'), 'tenant=') AND tenant_id != '' AND tenant_id = substring(getSetting('log_comment'), 8))
OR (startsWith(getSetting('log_comment'), 'audit=') AND (tenant_id = '' OR tenant_id = substring(getSetting('log_comment'), 7)))
