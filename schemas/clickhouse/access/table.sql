-- For each table: what the reader sees, and that the user who migrates sees everything. Nobody
-- else does, once `users_without_row_policies_can_read_rows` is off.
GRANT {{on_cluster}} SELECT ON {{database}}.{{table}} TO {{reader}};
CREATE ROW POLICY OR REPLACE llmobserve_reader {{on_cluster}} ON {{database}}.{{table}} FOR SELECT USING {{filter}} AS PERMISSIVE TO {{reader}};
CREATE ROW POLICY OR REPLACE llmobserve_owner {{on_cluster}} ON {{database}}.{{table}} FOR SELECT USING 1 AS PERMISSIVE TO CURRENT_USER;
