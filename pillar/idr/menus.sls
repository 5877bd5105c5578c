# What OMERO.web's pages of the IDR show on top and on the right.
omero:
  web:
    config:
      omero.web.ui.top_links:
        - - Studies
          - viewname: webindex
            query_string:
              experimenter: -1
          - title: Image Data Repository
        - - Genes
          - viewname: maprindex_gene
            query_string:
              experimenter: -1
          - title: Genes browser
        - - Phenotypes
          - viewname: maprindex_phenotype
            query_string:
              experimenter: -1
          - title: Phenotypes browser
        - - Cell Lines
          - viewname: maprindex_cellline
            query_string:
              experimenter: -1
          - title: Cell Lines browser
        - - siRNAs
          - viewname: maprindex_sirna
            query_string:
              experimenter: -1
          - title: siRNAs browser
        - - Antibodies
          - viewname: maprindex_antibody
            query_string:
              experimenter: -1
          - title: Antibodies browser
        - - Compounds
          - viewname: maprindex_compound
            query_string:
              experimenter: -1
          - title: Compounds browser
        - - Organisms
          - viewname: maprindex_organism
            query_string:
              experimenter: -1
          - title: Organisms browser
        - - Figure
          - figure_index
          - title: Open Figure in new tab
            target: _blank
        - - About
          - https://idr.openmicroscopy.org/about/
          - title: About the Image Data Resource
      omero.web.ui.metadata_panes:
        - {name: map, label: Attributes, index: 0}
        - {name: table, label: Tables, index: 1}
        - {name: file, label: Attachments, index: 2}
        - {name: comment, label: Comments, index: 3}
        - {name: tag, label: Tags, index: 4}
        - {name: rating, label: Ratings, index: 5}
        - {name: other, label: Others, index: 6}
