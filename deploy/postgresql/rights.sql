-- Who may do what in alarmcore's database, as a superuser, once, before or after the first `alarmcore migrate`.

REVOKE ALL ON DATABASE alarmcore FROM PUBLIC;
GRANT CONNECT ON DATABASE alarmcore TO alarmcore_owner, alarmcore_service, alarmcore_backup, alarmcore_broker;
GRANT TEMPORARY ON DATABASE alarmcore TO alarmcore_owner, alarmcore_service;

REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO alarmcore_owner;
GRANT USAGE ON SCHEMA public TO alarmcore_service, alarmcore_backup;

-- What is there, and what any later migration makes.
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO alarmcore_service;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO alarmcore_service;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO alarmcore_backup;
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO alarmcore_backup;
ALTER DEFAULT PRIVILEGES FOR ROLE alarmcore_owner IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO alarmcore_service;
ALTER DEFAULT PRIVILEGES FOR ROLE alarmcore_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO alarmcore_service;
ALTER DEFAULT PRIVILEGES FOR ROLE alarmcore_owner IN SCHEMA public GRANT SELECT ON TABLES TO alarmcore_backup;
ALTER DEFAULT PRIVILEGES FOR ROLE alarmcore_owner IN SCHEMA public GRANT SELECT ON SEQUENCES TO alarmcore_backup;

-- A query of ours takes milliseconds; one that takes this long is a mistake and must not hold others up.
ALTER ROLE alarmcore_service SET statement_timeout = '60s';
-- Nobody may make a session's commits forgetful by its own setting; whoever does it on purpose for what may be lost says so in the transaction.
ALTER ROLE alarmcore_service SET synchronous_commit = 'on';

-- A backup reads for as long as it takes, and may wait for the disk that it writes to in between; so may a migration and a move.
ALTER ROLE alarmcore_backup SET idle_in_transaction_session_timeout = 0;
ALTER ROLE alarmcore_owner SET idle_in_transaction_session_timeout = 0;

-- `alarmcore check` asks whether a standby is there. (It also shows which queries others run, never what was given to them.)
GRANT pg_read_all_stats TO alarmcore_service;
