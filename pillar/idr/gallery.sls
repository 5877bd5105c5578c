# The IDR's start page: idr_gallery.
omero:
  web:
    config:
      omero.web.gallery.favicon: https://idr.openmicroscopy.org/about/img/logos/favicon-idr.ico
      omero.web.gallery.footer_html: IDR
      omero.web.gallery.subheading_html: "The Image Data Resource (IDR) is a public repository of image datasets from \
        published scientific studies,<br/>where the community can submit, search and access high-quality bio-image data."
      omero.web.gallery.top_left_logo:
        src: https://idr.openmicroscopy.org/about/img/logos/logo-idr.svg
      omero.web.gallery.top_right_links:
        - text: About
          href: https://idr.openmicroscopy.org/about/index.html
          submenu:
            - {text: Overview, href: 'https://idr.openmicroscopy.org/about/index.html'}
            - {text: Published studies, href: 'https://idr.openmicroscopy.org/about/studies.html'}
            - {text: API Access, href: 'https://idr.openmicroscopy.org/about/api.html'}
            - {text: Data download, href: 'https://idr.openmicroscopy.org/about/download.html'}
            - {text: Deployment, href: 'https://idr.openmicroscopy.org/about/deployment.html'}
            - {text: FAQ, href: 'https://idr.openmicroscopy.org/about/faq/'}
        - text: Resources
          submenu:
            - {text: OME-NGFF examples, href: 'https://idr.github.io/ome-ngff-samples/'}
            - {text: Linked resources, href: 'https://idr.openmicroscopy.org/about/linked-resources.html'}
            - {text: Image Tools Resource (ITR), href: 'https://idr.openmicroscopy.org/about/itr.html'}
            - {text: Analysis Environments, href: 'https://idr.openmicroscopy.org/about/analysis-environments.html'}
        - text: Submissions
          href: https://idr.openmicroscopy.org/about/submission.html
          submenu:
            - {text: Overview, href: 'https://idr.openmicroscopy.org/about/submission.html'}
            - {text: Screens, href: 'https://idr.openmicroscopy.org/about/screens.html'}
            - {text: Experiments, href: 'https://idr.openmicroscopy.org/about/experiments.html'}
      omero.web.gallery.category_queries:
        latest:
          label: Light sheet fluorescence microscopy
          index: 0
          query: "Imaging Method: light sheet fluorescence microscopy \
            OR Imaging Method: light sheet fluorescence microscopy, SPIM"
        infection: {label: Infection studies, index: 1, query: 'Study Type:infection'}
        timelapse:
          label: Time-lapse imaging
          index: 2
          query: Study Type:time OR Study Type:5D OR Study Type:3D-tracking
        lightsheet: {label: Light sheet fluorescence microscopy, index: 3, query: 'Study Type:light sheet'}
        proteinlocalization:
          label: Protein localization studies
          index: 4
          query: Study Type:protein localization
        histology: {label: Digital pathology imaging, index: 5, query: 'Study Type:histology'}
        yeast:
          label: Yeast studies
          index: 6
          query: 'Organism: Saccharomyces cerevisiae OR Organism:Schizosaccharomyces pombe'
        humancellscreen:
          label: High-content screening (human)
          index: 7
          query: Organism:Homo sapiens AND Study Type:high content screen
        others: {label: Others, index: 8, query: 'LAST1000:date'}
      omero.web.gallery.filter_keys:
        - {label: Name (IDR number), value: Name}
        - Imaging Method
        - License
        - Organism
        - Publication Authors
        - Publication Title
        - Screen Technology Type
        - Screen Type
        - Study Type
      omero.web.gallery.filter_mapr_keys: [antibody, cellline, compound, gene, phenotype, sirna]
      omero.web.gallery.heading: Welcome to IDR
      omero.web.gallery.study_short_name:
        - {key: Name, regex: '^(.*?)-.*?(.)$', template: $1$2}
      omero.web.gallery.super_categories:
        cell:
          label: Cell - IDR
          title: Welcome to Cell-IDR
          query: Sample Type:cell
          image: https://idr.openmicroscopy.org/webgateway/render_image/122770/0/0/
        tissue:
          label: Tissue - IDR
          title: Welcome to Tissue-IDR
          query: Sample Type:tissue
          image: https://idr.openmicroscopy.org/webgateway/render_image_region/5470164/0/0/?region=1024,1024,696,520
      omero.web.gallery.title: 'IDR: Image Data Resource'
