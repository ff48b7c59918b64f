-- What the window itself would keep: the ten newest generations (four hours of log time
-- each) that accepted anything, whatever a broker's clock did in between.
SELECT _id_hash AS id_hash, toUnixTimestamp64Milli(_log_time) AS log_time_ms
FROM trace_events
WHERE _epoch = {epoch:String} AND _partition = {partition:UInt32} AND _offset < {offset:UInt64}
  AND intDiv(toUnixTimestamp64Milli(_log_time), 14400000) IN
  (
      SELECT DISTINCT intDiv(toUnixTimestamp64Milli(_log_time), 14400000) AS generation
      FROM trace_events
      WHERE _epoch = {epoch:String} AND _partition = {partition:UInt32}
        AND _offset < {offset:UInt64}
      ORDER BY generation DESC
      LIMIT 10
  )
