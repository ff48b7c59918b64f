SELECT count() > 0 AS is_held
FROM trace_events
WHERE toYYYYMM(timestamp) = {{month}}
  AND _epoch = {epoch:String} AND _partition = {partition:UInt32}
  AND _offset >= {start:UInt64} AND _offset < {end:UInt64}
  AND _log_time >= fromUnixTimestamp64Milli({since_ms:Int64})
