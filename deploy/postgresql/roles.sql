-- Who there is, in any database, as a superuser, once: each role can do what its work needs and nothing else.
--
--   psql -v owner_password=… -v service_password=… -v backup_password=… -v broker_password=… -f roles.sql
--   createdb -O alarmcore_owner alarmcore
--   psql -d alarmcore -f rights.sql
--
-- (initialize.sh does all three and takes the passwords from files, which no list of processes shows.)

-- Owns the tables: `alarmcore migrate`, `move`, `restore`. Nothing that runs all day signs in as this one.
CREATE ROLE alarmcore_owner LOGIN PASSWORD :'owner_password';
-- `alarmcore serve` and the other commands: reads and writes rows, changes no table.
CREATE ROLE alarmcore_service LOGIN PASSWORD :'service_password';
-- `alarmcore backup`: reads.
CREATE ROLE alarmcore_backup LOGIN PASSWORD :'backup_password';
-- A broker that asks for devices' digests (EMQX): sees one view.
CREATE ROLE alarmcore_broker LOGIN PASSWORD :'broker_password';
