-- One row: how many customers there are, and the dearest; of equal ones the first by name.
WITH
    usage AS (
{{usage}}
    ),
    customers AS (
        SELECT usage.customer_id AS name, sum(usage.cost_usd) AS total_cost
        FROM usage
        WHERE usage.customer_id != ''
        GROUP BY name
        HAVING sum(usage.call_count) > 0 OR total_cost != 0 OR sum(usage.unpriced_count) > 0
    )
SELECT
    count() AS customer_count,
    -tupleElement(min((-total_cost, name)), 1) AS top_cost,
    tupleElement(min((-total_cost, name)), 2) AS top_customer
FROM customers
