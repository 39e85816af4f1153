-- What a broker that asks PostgreSQL for passwords (EMQX) may see: devices' names and digests, those that were revoked left out.
-- As a superuser in alarmcore's database, after the first `alarmcore migrate`. A schema of its own, so that a backup of ours knows nothing of it.

CREATE SCHEMA broker AUTHORIZATION alarmcore_owner;
SET ROLE alarmcore_owner;
CREATE VIEW broker.device WITH (security_barrier) AS
    SELECT tenant || '/' || substr(subject, length('device:') + 1) AS username, encode(digest, 'hex') AS password_hash
    FROM public.credential
    WHERE role = 'device' AND revoked_at IS NULL;
GRANT USAGE ON SCHEMA broker TO alarmcore_broker;
GRANT SELECT ON broker.device TO alarmcore_broker;
RESET ROLE;
