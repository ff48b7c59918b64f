    SELECT
        tenant_id, bucket, customer_id, provider, model, section_path, environment, cost_usd,
        unpriced_count, call_count, error_count, input_tokens, output_tokens, latency_us_sum,
        latency_count, {{latencies}}
    FROM {{table}}
    WHERE {{tenant}}
      AND {{within}}{{filters}}
