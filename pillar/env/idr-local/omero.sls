# OMERO.web as far as it differs from the IDR's.
include:
  - env.idr-local.standin

omero:
  web:
    config:
      omero.web.wsgi_workers: 2
      omero.web.wsgi_threads: 2
      omero.web.gallery.heading: A local image repository
      omero.web.gallery.title: A local image repository
      omero.web.gallery.subheading_html: null
      omero.web.gallery.category_queries:
        all: {label: All studies, index: 0, query: 'FIRST50:Name'}
        # none of the IDR's
        {%- for name in ['latest', 'infection', 'timelapse', 'lightsheet', 'proteinlocalization', 'histology', 'yeast',
                         'humancellscreen', 'others'] %}
        {{ name }}: null
        {%- endfor %}
      omero.web.gallery.super_categories: null
      # what the gallery would fetch from the IDR's own site
      omero.web.gallery.favicon: /static/idr_gallery/images/favicon.ico
      omero.web.gallery.top_left_logo:
        src: /static/idr_gallery/images/idr-logomark.svg
        href: idr_gallery_index
        alt: IDR
      omero.web.gallery.top_right_links: []
      omero.web.top_logo: /static/idr_gallery/images/idr-logomark.svg
      omero.web.top_logo_link: /
      # its table of studies, with tabs and line ends escaped: the start page counts images and sizes from it
      omero.web.gallery.idr_studies_url: "data:text/tab-separated-values,\
        Study%09Container%095D%20Images%09Size%20(TB)%0A\
        idr0000-standin-cells%09study%0939%090%0A\
        idr0001-standin-screen%09screen%09216%090"
