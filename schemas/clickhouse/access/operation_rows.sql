getSetting('log_comment') = 'all-tenants' OR startsWith(getSetting('log_comment'), 'audit=')
