-- STAND-IN: the reduced schema of the OMERO.server stand-in, not OMERO's own.
--
-- Made %(TIME)s from %(DIR)s by `omero db script`. It holds the digest of the root user's password.
-- To create the database:
--
--     createdb omero
--     psql omero < %(SCRIPT)s

BEGIN;

DO $$
BEGIN
    IF current_setting('server_version_num')::integer < 90300 THEN
        RAISE EXCEPTION 'PostgreSQL %% is older than 9.3', current_setting('server_version');
    END IF;
    IF current_setting('server_encoding') != 'UTF8' THEN
        RAISE EXCEPTION 'the database encoding must be UTF8, not %%', current_setting('server_encoding');
    END IF;
END $$;

SET client_encoding = 'UTF8';

CREATE DOMAIN nonnegative_int AS integer CHECK (VALUE >= 0);
CREATE DOMAIN positive_int AS integer CHECK (VALUE > 0);
CREATE DOMAIN positive_float AS double precision CHECK (VALUE > 0);
CREATE TYPE unitslength AS ENUM ('m', 'cm', 'mm', 'µm', 'nm', 'pm', 'pixel', 'reference frame');
