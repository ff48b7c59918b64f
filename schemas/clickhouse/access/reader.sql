-- The query API's own user on a ClickHouse server: it only reads, within limits that a query
-- cannot raise. The tables and rows that it sees follow, a grant and a policy for each.
CREATE USER IF NOT EXISTS {{reader}} {{on_cluster}} IDENTIFIED WITH sha256_hash BY '{{password_hash}}' SALT '{{salt}}';
ALTER USER {{reader}} {{on_cluster}} IDENTIFIED WITH sha256_hash BY '{{password_hash}}' SALT '{{salt}}';
CREATE SETTINGS PROFILE OR REPLACE llmobserve_reader {{on_cluster}} SETTINGS readonly = 2, max_execution_time = 30 MAX 60, max_rows_to_read = 2000000000 MAX 2000000000 TO {{reader}};
