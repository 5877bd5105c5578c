-- STAND-IN: from OMERO5.4__0 to OMERO5.5__0, a schema that only the stand-in has, in the form of OMERO's own patches.

BEGIN;

CREATE FUNCTION omero_assert_db_version(version varchar, patch int) RETURNS void AS $$
BEGIN
    IF (SELECT (currentversion, currentpatch) FROM dbpatch ORDER BY id DESC LIMIT 1) IS DISTINCT FROM (version, patch)
    THEN
        RAISE EXCEPTION 'ASSERTION ERROR: Wrong database version';
    END IF;
END;
$$ LANGUAGE plpgsql;
SELECT omero_assert_db_version('OMERO5.4', 0);
DROP FUNCTION omero_assert_db_version(varchar, int);

INSERT INTO dbpatch (currentversion, currentpatch, previousversion, previouspatch)
    VALUES ('OMERO5.5', 0, 'OMERO5.4', 0);

--
-- Actual upgrade
--

-- STAND-IN: whom to credit for an image; shown at the end of its description from this schema on.
CREATE TABLE credit (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    value varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_credit;

INSERT INTO credit (id, permissions, value) VALUES (nextval('seq_credit'), -52, 'Drawn by the STAND-IN');

ALTER TABLE image ADD COLUMN credit int8 DEFAULT 1 REFERENCES credit;

--
-- FINISHED
--

UPDATE dbpatch SET message = 'Database updated.', finished = clock_timestamp()
    WHERE currentversion = 'OMERO5.5' AND currentpatch = 0 AND previousversion = 'OMERO5.4' AND previouspatch = 0;

COMMIT;
