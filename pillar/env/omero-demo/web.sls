# OMERO.web that shows everything of the group `public` to visitors without a login.
omero:
  web:
    plugins:
      omero_iviewer: {}
      omero_figure: {}
    config:
      omero.web.wsgi_workers: 5
      omero.web.public.enabled: true
      omero.web.public.server_id: 1
      omero.web.public.user: public
      omero.web.public.cache.enabled: true
      omero.web.public.cache.timeout: 60
      omero.web.public.url_filter: "^/(\
        webadmin/myphoto/\
        |webclient/(?!(action|logout|annotate_(file|tags|comment|rating|map)|script_ui|ome_tiff|figure_script))\
        |webgateway/(?!(archived_files|download_as))\
        |iviewer/|figure/|api/)"
      omero.web.login_redirect:
        redirect: [webindex]
        viewname: load_template
        args: [userdata]
        query_string: experimenter=-1
      omero.web.viewer.view: omero_iviewer.views.index
      omero.web.open_with:
        - - omero_iviewer
          - omero_iviewer_index
          - supported_objects: [image, dataset, well]
            script_url: omero_iviewer/openwith.js
            label: OMERO.iviewer
      omero.web.ui.top_links:
        - - Data
          - viewname: webindex
            query_string: {experimenter: -1}
          - title: Browse the public data
        - - Figure
          - figure_index
          - title: Open Figure in new tab
            target: _blank
