SELECT count()
FROM
(
    SELECT argMax(until, version) AS until
    FROM maintenance_holds
    GROUP BY hold_id
)
WHERE until > now64(3)
