SELECT max(marker_end) >= {end:UInt64} AND {start:UInt64} < {end:UInt64}
FROM usage_1m
WHERE tenant_id = '' AND toYYYYMM(bucket) = {month:UInt32} AND marker = {marker:String}
