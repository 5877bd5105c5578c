# OMERO's own property names: its manual is the manual. Lists and maps are stored as JSON.
omero:
  server:
    # PyTables, which Tables-0 below needs
    requirements:
      - tables==3.11.1
    config:
      omero.data.dir: /data/OMERO
      omero.db.poolsize: 25
      omero.glacier2.IceSSL.Ciphers: HIGH:!DHE
      omero.glacier2.IceSSL.ProtocolVersionMax: TLS1_3
      omero.glacier2.IceSSL.Protocols: TLS1_2,TLS1_3
      omero.fs.repo.path: '%user%_%userId%/%thread%//%year%-%month%/%day%/%time%'
      omero.policy.binary_access: +read,+write,-image,-plate
      # never make pyramids or memo files because someone looks at an image
      omero.pixeldata.fail_if_missing: true
      omero.client.icetransports: ssl,tcp,ws
      omero.client.ui.menu.dropdown.colleagues.enabled: false
      omero.client.ui.menu.dropdown.everyone.label: Public data
      omero.client.ui.menu.dropdown.leaders.enabled: false
      omero.client.ui.tree.orphans.enabled: false
      omero.client.ui.tree.type_order: false
      omero.server.nodedescriptors: master:Blitz-0,Tables-0
  web:
    config:
      omero.web.application_server: wsgi-tcp
      omero.web.application_server.max_requests: 30000
      omero.web.wsgi_workers: 25
      omero.web.wsgi_timeout: 60
      omero.web.use_x_forwarded_host: true
      # nginx on the host would overwrite X-Forwarded-Proto
      omero.web.secure_proxy_ssl_header: [HTTP_X_FORWARDED_PROTO_OMERO_WEB, https]
      omero.web.server_list: [[localhost, 4064, omero]]
      omero.web.session_engine: django.contrib.sessions.backends.cache
      omero.web.session_cookie_age: 3600
      omero.web.caches:
        default:
          BACKEND: django_redis.cache.RedisCache
          LOCATION: redis://127.0.0.1:6379/0
      omero.web.public.enabled: true
      omero.web.public.server_id: 1
      omero.web.public.user: public
      omero.web.public.cache.enabled: true
      omero.web.public.cache.timeout: 60
      omero.web.public.url_filter: "^/($\
        |api/|cell/|download_urls/|figure/|gallery-api/|gallery_settings/|image/|iviewer/|mapr/|search/|study/|tissue/\
        |webadmin/myphoto/\
        |webclient/(?!(action|logout|annotate_(file|tags|comment|rating|map)|script_ui|ome_tiff|figure_script))\
        |webgateway/(?!(archived_files|download_as)))"
      omero.web.login_redirect:
        redirect: [webindex]
        viewname: load_template
        args: [userdata]
        query_string: experimenter=-1
      omero.web.page_size: 500
      omero.web.api.max_limit: 1000
      omero.web.feedback.comment.enabled: false
      omero.web.apps: [omero_iviewer, omero_figure, omero_mapr, idr_gallery]
      # the start page; /webclient/ alone would show the public user's own, empty tree
      omero.web.root_application: idr_gallery
      omero.web.viewer.view: omero_iviewer.views.index
      omero.web.open_with:
        - - omero_iviewer
          - omero_iviewer_index
          - supported_objects: [image, dataset, well]
            script_url: omero_iviewer/openwith.js
            label: OMERO.iviewer
        - - omero_figure
          - new_figure
          - supported_objects: [images]
            target: _blank
            label: OMERO.figure
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
      omero.web.ui.metadata_panes:
        - {name: map, label: Attributes, index: 0}
        - {name: table, label: Tables, index: 1}
        - {name: file, label: Attachments, index: 2}
        - {name: comment, label: Comments, index: 3}
        - {name: tag, label: Tags, index: 4}
        - {name: rating, label: Ratings, index: 5}
        - {name: other, label: Others, index: 6}
      # with omero_mapr and none of these every page is an error
      omero.web.mapr.config:
        - menu: gene
          config:
            label: Gene
            default: [Gene Symbol]
            all: [Gene Symbol, Gene Identifier]
            ns: [openmicroscopy.org/mapr/gene]
            case_sensitive: true
        - menu: sirna
          config:
            label: siRNA
            default: [siRNA Identifier]
            all: [siRNA Identifier, siRNA Pool Identifier]
            ns: [openmicroscopy.org/mapr/sirna]
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
        - menu: cellline
          config:
            label: Cell Lines
            default: [Cell Line]
            all: [Cell Line]
            ns: [openmicroscopy.org/mapr/cell_line]
            wildcard: {enabled: true}
