-- The plant's database and who may do what in it; as a superuser: psql -v ON_ERROR_STOP=1 -f database.sql
-- Passwords: \password linkpulse_owner, ... afterwards, or authentication by certificate or peer in pg_hba.conf.

-- Makes the tables (linkpulse collector --tables-only), once and after each update; otherwise nobody comes as it.
CREATE ROLE linkpulse_owner LOGIN;
-- Writes rows.
CREATE ROLE linkpulse_collector LOGIN;
-- Reads.
CREATE ROLE linkpulse_central LOGIN;

CREATE DATABASE linkpulse OWNER linkpulse_owner;
REVOKE ALL ON DATABASE linkpulse FROM PUBLIC;
GRANT CONNECT ON DATABASE linkpulse TO linkpulse_collector, linkpulse_central;

\connect linkpulse
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT ALL ON SCHEMA public TO linkpulse_owner;
GRANT USAGE ON SCHEMA public TO linkpulse_collector, linkpulse_central;
ALTER DEFAULT PRIVILEGES FOR ROLE linkpulse_owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO linkpulse_collector;
ALTER DEFAULT PRIVILEGES FOR ROLE linkpulse_owner GRANT SELECT ON TABLES TO linkpulse_central;
