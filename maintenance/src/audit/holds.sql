-- Whether an operator rewrites the tables, and something that any change of a hold changes.
SELECT countIf(until > now64(3)) AS held, sum(cityHash64(id, version)) AS state
FROM
(
    SELECT hold_id AS id, max(holds.version) AS version, argMax(holds.until, holds.version) AS until
    FROM maintenance_holds AS holds
    GROUP BY hold_id
)
