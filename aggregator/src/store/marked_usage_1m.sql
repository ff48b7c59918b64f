SELECT max(marker_end) >= {end:UInt64} AND {start:UInt64} < {end:UInt64} AS is_held
FROM usage_1m
WHERE tenant_id = '' AND toYYYYMM(bucket) = {{month}} AND marker = {marker:String}
