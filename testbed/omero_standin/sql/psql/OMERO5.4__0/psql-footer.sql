-- STAND-IN: the rows a new database starts with. Permissions: -120 rw----, -56 rwr---, -52 rwr-r-, as OMERO stores them.

INSERT INTO dbpatch (currentversion, currentpatch, previousversion, previouspatch, message)
    VALUES ('@DBVERSION@', @DBPATCH@, '@DBVERSION@', @DBPATCH@, 'Initializing.');

INSERT INTO configuration (name, value)
    VALUES ('omero.db.uuid', gen_random_uuid()::text), ('omero.db.authority', 'standin');

INSERT INTO adminprivilege (id, permissions, value)
    SELECT nextval('seq_adminprivilege'), -52, unnest(ARRAY[
        'Chgrp', 'Chown', 'DeleteFile', 'DeleteManagedRepo', 'DeleteOwned', 'DeleteScriptRepo', 'ModifyGroup',
        'ModifyGroupMembership', 'ModifyUser', 'ReadSession', 'Sudo', 'WriteFile', 'WriteManagedRepo', 'WriteOwned',
        'WriteScriptRepo']);
INSERT INTO eventtype (id, permissions, value)
    SELECT nextval('seq_eventtype'), -52, unnest(ARRAY['Bootstrap', 'User', 'Import', 'Internal']);
INSERT INTO format (id, permissions, value)
    SELECT nextval('seq_format'), -52, unnest(ARRAY['PNG', 'TIFF']);
INSERT INTO pixelstype (id, permissions, value)
    SELECT nextval('seq_pixelstype'), -52, unnest(ARRAY['uint8', 'uint16']);
INSERT INTO dimensionorder (id, permissions, value)
    SELECT nextval('seq_dimensionorder'), -52, unnest(ARRAY['XYZCT', 'XYCZT']);
INSERT INTO acquisitionmode (id, permissions, value)
    SELECT nextval('seq_acquisitionmode'), -52, unnest(ARRAY['WideField']);
INSERT INTO contrastmethod (id, permissions, value)
    SELECT nextval('seq_contrastmethod'), -52, unnest(ARRAY['Fluorescence']);
INSERT INTO family (id, permissions, value)
    SELECT nextval('seq_family'), -52, unnest(ARRAY['linear']);
INSERT INTO illumination (id, permissions, value)
    SELECT nextval('seq_illumination'), -52, unnest(ARRAY['Epifluorescence']);
INSERT INTO renderingmodel (id, permissions, value)
    SELECT nextval('seq_renderingmodel'), -52, unnest(ARRAY['rgb', 'greyscale']);

INSERT INTO experimenter (id, permissions, version, omename, firstname, lastname, ldap)
    VALUES (0, -52, 0, 'root', 'root', 'root', false), (1, -52, 0, 'guest', 'Guest', 'Account', false);
INSERT INTO experimentergroup (id, permissions, version, name, ldap)
    VALUES (0, -120, 0, 'system', false), (1, -52, 0, 'user', false), (2, -120, 0, 'guest', false);
INSERT INTO groupexperimentermap (id, permissions, version, owner, child, parent, child_index)
    VALUES (0, -52, 0, true, 0, 0, 0), (1, -52, 0, false, 0, 1, 1), (2, -52, 0, false, 1, 2, 0);
INSERT INTO password (experimenter_id, hash) VALUES (0, '@ROOTPASS@'), (1, '');

SELECT setval('seq_experimenter', 1), setval('seq_experimentergroup', 2), setval('seq_groupexperimentermap', 2);

INSERT INTO node (id, permissions, version, conn, down, up, uuid)
    VALUES (0, -52, 0, 'bootstrap', now(), now(), gen_random_uuid()::text);
INSERT INTO session (id, permissions, version, closed, defaulteventtype, started, timetoidle, timetolive, uuid, node, owner)
    VALUES (0, -52, 0, now(), 'Bootstrap', now(), 0, 0, gen_random_uuid()::text, 0, 0);
INSERT INTO event (id, permissions, status, "time", experimenter, experimentergroup, session, type)
    SELECT 0, -52, 'BOOTSTRAP', now(), 0, 0, 0, id FROM eventtype WHERE value = 'Bootstrap';

UPDATE dbpatch SET message = 'Database ready.', finished = clock_timestamp()
    WHERE currentversion = '@DBVERSION@' AND currentpatch = @DBPATCH@ AND finished IS NULL;

COMMIT;
