SELECT count() > 0
FROM trace_events
WHERE toYYYYMM(timestamp) = {month:UInt32}
  AND _epoch = {epoch:String} AND _partition = {partition:UInt32}
  AND _offset >= {start:UInt64} AND _offset < {end:UInt64}
  AND _log_time >= fromUnixTimestamp64Milli({since_ms:Int64})
