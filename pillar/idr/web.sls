# OMERO.web of the IDR: the public, its sessions and limits, and the plug-ins.
omero:
  web:
    # A Django app and, where it is not the app's own, its package. The versions of those that this project knows, and
    # their hashes, are in salt/omero/files/requirements-plugins.txt.
    plugins:
      omero_iviewer: {}
      omero_figure: {}
      omero_mapr: {}
      idr_gallery: {}
    config:
      omero.web.application_server.max_requests: 30000
      omero.web.wsgi_workers: 25
      omero.web.session_cookie_age: 3600
      omero.web.public.enabled: true
      omero.web.public.server_id: 1
      omero.web.public.user: public
      omero.web.public.cache.enabled: true
      omero.web.public.cache.timeout: 60
      omero.web.public.url_filter: "^/($\
        |api/|cell/|download_urls/|figure/|gallery-api/|gallery_settings/|image/|iviewer/|mapr/|search/|study/|tissue/\
        |webadmin/myphoto/\
        |webclient/(?!(action|logout|annotate_(file|tags|comment|rating|map)|script_ui|ome_tiff|figure_script\
        |render_image_download))\
        |webgateway/(?!(archived_files|download_as)))"
      omero.web.login_redirect:
        redirect: [webindex]
        viewname: load_template
        args: [userdata]
        query_string: experimenter=-1
      omero.web.page_size: 500
      omero.web.api.max_limit: 1000
      omero.web.feedback.comment.enabled: false
      # the start page; /webclient/ alone would show the public user's own, empty tree
      omero.web.root_application: idr_gallery
      omero.web.sharing.opengraph: {omero: Open Microscopy}
      omero.web.sharing.twitter: {omero: '@openmicroscopy'}
      omero.web.top_logo: /about/img/logos/logo-idr-webclient.png
      omero.web.top_logo_link: https://idr.openmicroscopy.org/
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
