INSERT INTO maintenance_holds (hold_id, version, until, reason)
SELECT {id:UUID}, {version:UInt64}, now64(3, 'UTC') + toIntervalSecond({seconds:UInt64}), {reason:String}
