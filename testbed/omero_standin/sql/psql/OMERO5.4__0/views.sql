-- STAND-IN: counts of links by owner, as OMERO keeps them.

CREATE VIEW count_project_datasetlinks_by_owner (project_id, owner_id, count) AS
    SELECT parent, owner_id, count(*) FROM projectdatasetlink GROUP BY parent, owner_id;

CREATE VIEW count_dataset_imagelinks_by_owner (dataset_id, owner_id, count) AS
    SELECT parent, owner_id, count(*) FROM datasetimagelink GROUP BY parent, owner_id;

CREATE VIEW count_screen_platelinks_by_owner (screen_id, owner_id, count) AS
    SELECT parent, owner_id, count(*) FROM screenplatelink GROUP BY parent, owner_id;

CREATE VIEW count_image_annotationlinks_by_owner (image_id, owner_id, count) AS
    SELECT parent, owner_id, count(*) FROM imageannotationlink GROUP BY parent, owner_id;
