# Menus of omero_mapr: by which keys of map annotations studies are found. With none every page is an error.
omero:
  web:
    config:
      omero.web.mapr.config:
        - menu: gene
          config:
            label: Gene
            default: [Gene Symbol]
            all: [Gene Symbol, Gene Identifier]
            ns: [openmicroscopy.org/mapr/gene]
            case_sensitive: true
        - menu: genesupplementary
          config: {label: Gene supplementary, default: [], all: [], ns: [openmicroscopy.org/mapr/gene/supplementary]}
        - menu: sirna
          config:
            label: siRNA
            default: [siRNA Identifier]
            all: [siRNA Identifier, siRNA Pool Identifier]
            ns: [openmicroscopy.org/mapr/sirna]
        - menu: sirnasupplementary
          config: {label: siRNA supplementary, default: [], all: [], ns: [openmicroscopy.org/mapr/sirna/supplementary]}
        - menu: phenotype
          config:
            label: Phenotype
            default: [Phenotype]
            all: [Phenotype, Phenotype Term Accession]
            ns: [openmicroscopy.org/mapr/phenotype]
            case_sensitive: true
            wildcard: {enabled: true}
        - menu: compound
          config:
            label: Compound
            default: [Compound Name]
            all: [Compound Name]
            ns: [openmicroscopy.org/mapr/compound]
            case_sensitive: true
        - menu: compoundsupplementary
          config: {label: Compound supplementary, default: [], all: [], ns: [openmicroscopy.org/mapr/compound/supplementary]}
        - menu: organism
          config:
            label: Organism
            default: [Organism]
            all: [Organism]
            ns: [openmicroscopy.org/mapr/organism]
            wildcard: {enabled: true}
        - menu: antibody
          config:
            label: Antibody
            default: [Antibody Identifier]
            all: [Antibody Identifier]
            ns: [openmicroscopy.org/mapr/antibody]
            case_sensitive: true
        - menu: antibodysupplementary
          config: {label: Antibody supplementary, default: [], all: [], ns: [openmicroscopy.org/mapr/antibody/supplementary]}
        - menu: orf
          config:
            label: ORF
            default: [ORF Identifier]
            all: [ORF Identifier]
            ns: [openmicroscopy.org/mapr/orf]
        - menu: orfsupplementary
          config: {label: ORF supplementary, default: [], all: [], ns: [openmicroscopy.org/mapr/orf/supplementary]}
        - menu: cellline
          config:
            label: Cell Lines
            default: [Cell Line]
            all: [Cell Line]
            ns: [openmicroscopy.org/mapr/cell_line]
            wildcard: {enabled: true}
        - menu: celllinesupplementary
          config: {label: Cell Lines supplementary, default: [], all: [], ns: [openmicroscopy.org/mapr/cell_line/supplementary]}
        - menu: protein
          config:
            label: Protein
            default: [Protein]
            all: [Protein]
            ns: [openmicroscopy.org/mapr/protein]
        - menu: proteinsupplementary
          config: {label: Protein supplementary, default: [], all: [], ns: [openmicroscopy.org/mapr/protein/supplementary]}
        - menu: others
          config:
            label: Others
            default: [Others]
            all: [Others]
            ns: [openmicroscopy.org/omero/bulk_annotations]
        - menu: notebook
          config:
            label: Analysis Notebook
            default: [Study Notebook]
            all: [Study Notebook]
            ns: [openmicroscopy.org/idr/analysis/notebook]
