-- The window reaches back 28 hours of log time at most; the rest is slack for a
-- broker's clock that jumped.
SELECT _id_hash AS id_hash, toUnixTimestamp64Milli(_log_time) AS log_time_ms
FROM trace_events
WHERE _epoch = {epoch:String} AND _partition = {partition:UInt32} AND _offset < {offset:UInt64}
  AND _log_time >=
  (
      SELECT max(_log_time) - INTERVAL 40 HOUR
      FROM trace_events
      WHERE _epoch = {epoch:String} AND _partition = {partition:UInt32}
        AND _offset < {offset:UInt64}
  )
