SELECT count()
FROM trace_events
WHERE ({tenant:String} = '' OR tenant_id = {tenant:String})
  AND timestamp >= toDateTime({from:UInt32}, 'UTC') AND timestamp < toDateTime({to:UInt32}, 'UTC')
