-- STAND-IN: the tables of OMERO that the stand-in uses, under OMERO's own names of tables and columns.

CREATE TABLE dbpatch (
    id serial PRIMARY KEY,
    currentversion varchar(255) NOT NULL,
    currentpatch int4 NOT NULL,
    previousversion varchar(255) NOT NULL,
    previouspatch int4 NOT NULL,
    finished timestamp,
    message varchar(255)
);

CREATE TABLE configuration (
    name varchar(255) PRIMARY KEY,
    value text
);

CREATE TABLE adminprivilege (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    value varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_adminprivilege;

CREATE TABLE dimensionorder (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    value varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_dimensionorder;

CREATE TABLE eventtype (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    value varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_eventtype;

CREATE TABLE format (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    value varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_format;

CREATE TABLE pixelstype (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    value varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_pixelstype;

CREATE TABLE acquisitionmode (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    value varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_acquisitionmode;

CREATE TABLE contrastmethod (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    value varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_contrastmethod;

CREATE TABLE family (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    value varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_family;

CREATE TABLE illumination (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    value varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_illumination;

CREATE TABLE renderingmodel (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    value varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_renderingmodel;

CREATE TABLE experimenter (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    email varchar(255),
    firstname varchar(255) NOT NULL,
    institution varchar(255),
    lastname varchar(255) NOT NULL,
    ldap bool NOT NULL,
    middlename varchar(255),
    omename varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_experimenter;

CREATE TABLE experimentergroup (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    description text,
    ldap bool NOT NULL,
    name varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_experimentergroup;

CREATE TABLE groupexperimentermap (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    owner bool NOT NULL,
    child int8 NOT NULL REFERENCES experimenter,
    parent int8 NOT NULL REFERENCES experimentergroup,
    child_index int4 NOT NULL,
    external_id int8 UNIQUE,
    UNIQUE (child, child_index) DEFERRABLE INITIALLY DEFERRED,
    UNIQUE (parent, child)
);

CREATE SEQUENCE seq_groupexperimentermap;

CREATE TABLE password (
    experimenter_id int8 UNIQUE NOT NULL REFERENCES experimenter,
    hash varchar(255),
    dn text,
    changed timestamp
);

CREATE TABLE node (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    conn text NOT NULL,
    down timestamp,
    scale int4,
    up timestamp NOT NULL,
    uuid varchar(255) NOT NULL UNIQUE,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_node;

CREATE TABLE session (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    closed timestamp,
    defaulteventtype varchar(255) NOT NULL,
    message text,
    started timestamp NOT NULL,
    timetoidle int8 NOT NULL,
    timetolive int8 NOT NULL,
    useragent varchar(255),
    userip varchar(255),
    uuid varchar(255) NOT NULL UNIQUE,
    node int8 NOT NULL REFERENCES node,
    owner int8 NOT NULL REFERENCES experimenter,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_session;

CREATE TABLE event (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    status varchar(255),
    "time" timestamp NOT NULL,
    containingevent int8 REFERENCES event,
    experimenter int8 NOT NULL REFERENCES experimenter,
    experimentergroup int8 NOT NULL REFERENCES experimentergroup,
    session int8 NOT NULL REFERENCES session,
    type int8 NOT NULL REFERENCES eventtype,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_event;

CREATE TABLE eventlog (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    action varchar(255) NOT NULL,
    entityid int8 NOT NULL,
    entitytype varchar(255) NOT NULL,
    event int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE
);

CREATE SEQUENCE seq_eventlog;

CREATE TABLE project (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    name varchar(255) NOT NULL,
    description text,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_project;

CREATE TABLE dataset (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    name varchar(255) NOT NULL,
    description text,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_dataset;

CREATE TABLE screen (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    name varchar(255) NOT NULL,
    description text,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_screen;

CREATE TABLE plate (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    name varchar(255) NOT NULL,
    description text,
    "columns" nonnegative_int,
    "rows" nonnegative_int,
    columnnamingconvention varchar(255),
    rownamingconvention varchar(255),
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_plate;

CREATE TABLE plateacquisition (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    name varchar(255),
    description text,
    starttime timestamp,
    endtime timestamp,
    maximumfieldcount int4,
    plate int8 NOT NULL REFERENCES plate,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_plateacquisition;

CREATE TABLE image (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    name varchar(255) NOT NULL,
    description text,
    acquisitiondate timestamp,
    archived bool,
    partial bool,
    series nonnegative_int NOT NULL DEFAULT 0,
    format int8 REFERENCES format,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_image;

CREATE TABLE pixels (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    sizex positive_int NOT NULL,
    sizey positive_int NOT NULL,
    sizez positive_int NOT NULL,
    sizec positive_int NOT NULL,
    sizet positive_int NOT NULL,
    significantbits int4,
    sha1 varchar(255) NOT NULL,
    physicalsizex positive_float,
    physicalsizexunit unitslength,
    physicalsizey positive_float,
    physicalsizeyunit unitslength,
    physicalsizez positive_float,
    physicalsizezunit unitslength,
    dimensionorder int8 NOT NULL REFERENCES dimensionorder,
    pixelstype int8 NOT NULL REFERENCES pixelstype,
    image int8 NOT NULL REFERENCES image,
    image_index int4 NOT NULL,
    path text,
    name text,
    repo varchar(36),
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event,
    UNIQUE (image, image_index)
);

CREATE SEQUENCE seq_pixels;

CREATE TABLE logicalchannel (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    name varchar(255),
    emissionwave positive_float,
    emissionwaveunit unitslength,
    contrastmethod int8 REFERENCES contrastmethod,
    illumination int8 REFERENCES illumination,
    mode int8 REFERENCES acquisitionmode,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_logicalchannel;

CREATE TABLE statsinfo (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    globalmin float8 NOT NULL,
    globalmax float8 NOT NULL,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_statsinfo;

CREATE TABLE channel (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    red int4,
    green int4,
    blue int4,
    alpha int4,
    lookuptable varchar(255),
    logicalchannel int8 NOT NULL REFERENCES logicalchannel,
    statsinfo int8 REFERENCES statsinfo,
    pixels int8 NOT NULL REFERENCES pixels,
    pixels_index int4 NOT NULL,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event,
    UNIQUE (pixels, pixels_index)
);

CREATE SEQUENCE seq_channel;

CREATE TABLE quantumdef (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    cdstart int4 NOT NULL,
    cdend int4 NOT NULL,
    bitresolution int4 NOT NULL,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_quantumdef;

CREATE TABLE renderingdef (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    name varchar(255),
    defaultz int4 NOT NULL,
    defaultt int4 NOT NULL,
    compression float8,
    model int8 NOT NULL REFERENCES renderingmodel,
    pixels int8 NOT NULL REFERENCES pixels,
    quantization int8 NOT NULL REFERENCES quantumdef,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_renderingdef;

CREATE TABLE channelbinding (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    red int4 NOT NULL,
    green int4 NOT NULL,
    blue int4 NOT NULL,
    alpha int4 NOT NULL,
    lookuptable varchar(255),
    active bool NOT NULL,
    coefficient float8 NOT NULL,
    inputstart float8 NOT NULL,
    inputend float8 NOT NULL,
    noisereduction bool NOT NULL,
    family int8 NOT NULL REFERENCES family,
    renderingdef int8 NOT NULL REFERENCES renderingdef,
    renderingdef_index int4 NOT NULL,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event,
    UNIQUE (renderingdef, renderingdef_index)
);

CREATE SEQUENCE seq_channelbinding;

CREATE TABLE thumbnail (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    mimetype varchar(255) NOT NULL,
    ref varchar(255),
    sizex int4 NOT NULL,
    sizey int4 NOT NULL,
    pixels int8 NOT NULL REFERENCES pixels,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_thumbnail;

CREATE TABLE well (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    "column" nonnegative_int,
    "row" nonnegative_int,
    plate int8 NOT NULL REFERENCES plate,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_well;

CREATE TABLE wellsample (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    image int8 NOT NULL REFERENCES image,
    plateacquisition int8 REFERENCES plateacquisition,
    well int8 NOT NULL REFERENCES well,
    well_index int4 NOT NULL,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event,
    UNIQUE (well, well_index)
);

CREATE SEQUENCE seq_wellsample;

CREATE TABLE annotation (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    discriminator varchar(31) NOT NULL,
    version int4,
    description text,
    name text,
    ns text,
    textvalue text,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event
);

CREATE SEQUENCE seq_annotation;

CREATE TABLE annotation_mapvalue (
    annotation_id int8 NOT NULL REFERENCES annotation,
    name text NOT NULL,
    value text NOT NULL,
    index int4 NOT NULL,
    PRIMARY KEY (annotation_id, index)
);

CREATE TABLE projectdatasetlink (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    child int8 NOT NULL REFERENCES dataset,
    parent int8 NOT NULL REFERENCES project,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event,
    UNIQUE (parent, child, owner_id)
);

CREATE SEQUENCE seq_projectdatasetlink;

CREATE TABLE datasetimagelink (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    child int8 NOT NULL REFERENCES image,
    parent int8 NOT NULL REFERENCES dataset,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event,
    UNIQUE (parent, child, owner_id)
);

CREATE SEQUENCE seq_datasetimagelink;

CREATE TABLE screenplatelink (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    child int8 NOT NULL REFERENCES plate,
    parent int8 NOT NULL REFERENCES screen,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event,
    UNIQUE (parent, child, owner_id)
);

CREATE SEQUENCE seq_screenplatelink;

CREATE TABLE imageannotationlink (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    child int8 NOT NULL REFERENCES annotation,
    parent int8 NOT NULL REFERENCES image,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event,
    UNIQUE (parent, child, owner_id)
);

CREATE SEQUENCE seq_imageannotationlink;

CREATE TABLE projectannotationlink (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    child int8 NOT NULL REFERENCES annotation,
    parent int8 NOT NULL REFERENCES project,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event,
    UNIQUE (parent, child, owner_id)
);

CREATE SEQUENCE seq_projectannotationlink;

CREATE TABLE screenannotationlink (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    child int8 NOT NULL REFERENCES annotation,
    parent int8 NOT NULL REFERENCES screen,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event,
    UNIQUE (parent, child, owner_id)
);

CREATE SEQUENCE seq_screenannotationlink;

CREATE TABLE wellannotationlink (
    id int8 PRIMARY KEY,
    permissions int8 NOT NULL,
    version int4,
    child int8 NOT NULL REFERENCES annotation,
    parent int8 NOT NULL REFERENCES well,
    creation_id int8 NOT NULL REFERENCES event,
    external_id int8 UNIQUE,
    group_id int8 NOT NULL REFERENCES experimentergroup,
    owner_id int8 NOT NULL REFERENCES experimenter,
    update_id int8 NOT NULL REFERENCES event,
    UNIQUE (parent, child, owner_id)
);

CREATE SEQUENCE seq_wellannotationlink;
