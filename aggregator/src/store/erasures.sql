SELECT tenant_id, customer_hash, max(offset_end) AS offset_end
FROM erasures
WHERE topic = {topic:String} AND epoch = {epoch:String} AND partition = {partition:UInt32}
GROUP BY tenant_id, customer_hash
