SELECT argMax(holds.reason, holds.version) AS reason,
       toString(toDateTime(argMax(holds.until, holds.version), 'UTC') + 1) AS until
FROM maintenance_holds AS holds
WHERE holds.hold_id != {id:UUID}
GROUP BY holds.hold_id
HAVING argMax(holds.until, holds.version) > now64(3)
LIMIT 1
