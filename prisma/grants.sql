-- The complete list of what each program may do. Runs after every migration, in one transaction. :web and
-- :automate are the group roles.
-- Web may only read rows that grant or end rights (fabric_key, fabric_master_key, fabric_deletion, pipeline_token, entry_link,
-- trusted_issuer, allowed_destination, destination_request, destination_rule, version_rule, settled_version), without
-- their columns that hold keys or token hashes. The same holds for
-- what automate tells about its own work (key_rotation, unopened_value).
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM :web, :automate, PUBLIC;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO :web, :automate;

-- The schema version that programs compare
GRANT SELECT ON schema_info TO :web, :automate;

-- People and teams
GRANT SELECT, INSERT, UPDATE ON app_user TO :web;
GRANT SELECT, INSERT, DELETE ON identity TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON session TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON sign_in_delay TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON access_token TO :web;
GRANT SELECT, INSERT, UPDATE ("pendingUntil"), DELETE ON idempotent_create TO :web;
GRANT SELECT, DELETE ON idempotent_create TO :automate;
GRANT SELECT, INSERT, UPDATE ON team TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON membership TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON invitation TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON account_review TO :web;
GRANT SELECT, INSERT, DELETE ON held_membership, held_identity TO :web;
GRANT SELECT (id, email, name, "lockedAt", "accessEpoch") ON app_user TO :automate;
GRANT SELECT ON team, membership TO :automate;

-- Fabrics and their keys
GRANT SELECT, INSERT, UPDATE (name, "nameKey", description) ON fabric TO :web;
GRANT SELECT, DELETE, UPDATE (name, "nameKey", "accessEpoch") ON fabric TO :automate;
GRANT SELECT ON fabric_deletion TO :web;
GRANT SELECT, INSERT, DELETE ON fabric_deletion TO :automate;
GRANT SELECT (kid, "fabricId", "publicJwk", signature, "masterKeyId", "createdAt", "createdById", "createdByName", "emptySince") ON fabric_key TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON fabric_key TO :automate;
GRANT SELECT ON master_key, fabric_master_key TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON master_key, fabric_master_key TO :automate;
GRANT SELECT ON key_rotation, unopened_value TO :web;
GRANT SELECT, INSERT, UPDATE ON key_rotation TO :automate;
GRANT SELECT, INSERT ON unopened_value TO :automate;

-- Secrets: web inserts a sealed value. It can never read, change or delete a sealed value.
GRANT SELECT, INSERT, UPDATE ON secret TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON secret_name TO :web;
GRANT SELECT, INSERT ON secret_version TO :web;
-- The trash: the database itself sets when something was deleted.
GRANT SELECT, DELETE, INSERT ("secretId", "fabricId", "deletedById", "deletedByName") ON trashed_secret TO :web;
GRANT SELECT, DELETE, INSERT ("secretId", "fabricId", "deletedById", "deletedByName") ON trashed_secret TO :automate;
GRANT SELECT, INSERT ("secretId", number, "fabricId", "baseVersion", "valueExpiresAt") ON secret_candidate TO :web;
GRANT SELECT ON candidate_check TO :web;
GRANT SELECT ("secretId", field, version, "fabricId", kid), INSERT ON secret_field TO :web;
GRANT SELECT ON secret, secret_name, secret_version TO :automate;
GRANT DELETE ON secret, secret_name, secret_version TO :automate;
GRANT UPDATE ("updatedAt", "updatedById", "updatedByName", "isReplaced", "expiresAt", "expirySource") ON secret TO :automate;
GRANT INSERT, UPDATE ("storedKib", "purgedAt") ON secret_version TO :automate;
GRANT SELECT, INSERT, UPDATE, DELETE ON secret_candidate, candidate_check TO :automate;
-- Automate inserts copies of another fabric's secrets, which have no author. By column: a copy of 0.3.0 refuses to
-- start with a role that may insert whole rows.
GRANT INSERT (id, "fabricId", name, "nameKey", "subKind", description, "createdById", "createdByName", "updatedById", "updatedByName", "expiresAt", "expirySource") ON secret TO :automate;
GRANT INSERT ("fabricId", "nameKey", name, "secretId") ON secret_name TO :automate;
GRANT SELECT, INSERT, DELETE, UPDATE (sealed, kid) ON secret_field TO :automate;
GRANT SELECT ON allowed_destination TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON allowed_destination TO :automate;
GRANT SELECT ON settled_version TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON settled_version TO :automate;
GRANT SELECT ON destination_request, destination_rule, version_rule TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON destination_request, destination_rule, version_rule TO :automate;
GRANT SELECT ON secret_reader TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON secret_reader TO :automate;
GRANT SELECT, INSERT ("secretId", "fabricId") ON secret_use TO :web;
GRANT SELECT, INSERT, UPDATE ON secret_use TO :automate;
GRANT SELECT ON secret_read_day TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON secret_read_day TO :automate;
GRANT SELECT ON password_rotation, password_run TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON password_rotation, password_run TO :automate;

-- Entry links: automate creates and revokes them; web stores their use, once, with the entered version
GRANT SELECT (id, "fabricId", name, note, "secretId", "secretName", "subKind", destinations, "isByAdmin", "createdAt", "createdById", "createdByName", "createdEpoch", "expiresAt", "revokedAt", "revokedByName") ON entry_link TO :web;
GRANT SELECT, INSERT, DELETE, UPDATE ("revokedAt", "revokedByName") ON entry_link TO :automate;
GRANT SELECT, INSERT ("linkId", "secretId", version) ON entry_link_use TO :web;
GRANT SELECT ON entry_link_use TO :automate;

-- Connections and their checks
GRANT SELECT, INSERT, UPDATE, DELETE ON connection, connection_secret TO :web;
GRANT SELECT, DELETE ON connection, connection_secret TO :automate;
GRANT SELECT, DELETE, INSERT (id, "fabricId", name, "nameKey", kind, description, properties, "configHash", "isWarehouse", "placedAt", "createdAt", "createdById", "createdByName", "deletedById", "deletedByName") ON trashed_connection TO :web;
GRANT SELECT, INSERT ON trashed_connection_secret TO :web;
GRANT SELECT, DELETE ON trashed_connection, trashed_connection_secret TO :automate;
GRANT SELECT ON connection_check, failing_check TO :web;
GRANT SELECT, INSERT, DELETE ON connection_check TO :automate;
GRANT SELECT, INSERT, UPDATE, DELETE ON failing_check TO :automate;
GRANT SELECT, INSERT, UPDATE, DELETE ON check_lease TO :automate;
GRANT SELECT ON sign_in_attempt TO :web;
GRANT SELECT, INSERT, DELETE, UPDATE ("refusedAt") ON sign_in_attempt TO :automate;

-- Pipelines
GRANT SELECT (id, "fabricId", name, "createdAt", "createdById", "createdByName", "expiresAt", "lastUsedAt", "revokedAt", "secretIds", "connectionIds", pins, cidrs, "ownerId", "ownerSince") ON pipeline_token TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON pipeline_token TO :automate;
GRANT SELECT ON trusted_issuer TO :web;
GRANT SELECT, INSERT, UPDATE (pins), DELETE ON trusted_issuer TO :automate;
GRANT SELECT, INSERT, DELETE ON used_request TO :automate;
GRANT SELECT, INSERT, UPDATE, DELETE ON rate_window TO :automate;
GRANT SELECT, INSERT, UPDATE ON web_rate_window TO :web;
GRANT SELECT, DELETE ON web_rate_window TO :automate;

-- Reminders: automate finds and sends them; web only puts them off, and keeps who reads the mail of which address
GRANT SELECT, INSERT, UPDATE, DELETE ON reminder, reminder_pass, outgoing_message, reminder_channel TO :automate;
GRANT SELECT ON reminder_channel TO :web;
GRANT SELECT, INSERT, UPDATE, DELETE ON snooze, verified_address, address_code TO :web;
GRANT SELECT, DELETE ON snooze TO :automate;
GRANT SELECT ON verified_address TO :automate;
GRANT SELECT, DELETE, UPDATE ("queuedAt") ON address_code TO :automate;
GRANT SELECT (id, "userId", name, "expiresAt", "revokedAt", "accessEpoch") ON access_token TO :automate;

-- Backups and drills: automate signs them
GRANT SELECT, INSERT ON backup TO :automate;
GRANT SELECT, INSERT, UPDATE ON drill TO :automate;

-- Audit: programs insert and read events, and cannot change them. The database itself sets `at` and `writer`.
GRANT SELECT, INSERT (id, "teamId", "fabricId", "actorKind", "actorId", "actorName", action, "objectKind", "objectId", "objectName", details) ON audit_event TO :web, :automate;
