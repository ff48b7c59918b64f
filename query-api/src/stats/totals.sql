-- One row: the sums of the filtered events, how many customers they have, and the dearest of these;
-- of equally dear ones the first by name.
WITH
    usage AS (
{{usage}}
    ),
    customers AS (
        SELECT
            usage.customer_id AS name,
            sum(usage.cost_usd) AS cost,
            sum(usage.unpriced_count) AS unpriced,
            sum(usage.call_count) AS calls,
            sum(usage.error_count) AS errors,
            sum(usage.input_tokens) AS input,
            sum(usage.output_tokens) AS output,
            sum(usage.latency_us_sum) AS latency_us,
            sum(usage.latency_count) AS latencies,
            name != '' AND (calls > 0 OR cost != 0 OR unpriced > 0) AS counts
        FROM usage
        GROUP BY name
    )
SELECT
    sum(cost) AS total_cost,
    sum(unpriced) AS unpriced_count,
    sum(calls) AS call_count,
    sum(errors) AS error_count,
    sum(input) AS input_tokens,
    sum(output) AS output_tokens,
    sum(latency_us) AS all_latency_us,
    sum(latencies) AS all_latencies,
    countIf(counts) AS customer_count,
    -tupleElement(minIf((-cost, name), counts), 1) AS top_cost,
    tupleElement(minIf((-cost, name), counts), 2) AS top_customer
FROM customers
