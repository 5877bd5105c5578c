"""
Properties of OMERO.server and OMERO.web that this project knows, by the kind of their values. No side effects.

From omero-web's ``settings.py`` (CUSTOM_SETTINGS_MAPPINGS), OMERO.server's ``omero.properties`` and omero-py's
``jvmcfg``. Others are allowed: plug-ins have their own, and a new release may.
"""

import difflib
import json
import re

_JVMS = ("blitz", "indexer", "pixeldata", "repository")
_JVM = ("", *(f".{name}" for name in _JVMS))


def _names(prefix, words, suffixes=("",)):
    return {f"{prefix}.{word}{suffix}" for word in words.split() for suffix in suffixes}


_FLAGS = {
    *_names("omero.cluster", "read_only read_only.db read_only.repo"),
    *_names("omero.client.ui.menu.dropdown", "colleagues.enabled everyone.enabled leaders.enabled"),
    *_names("omero", "client.ui.tree.orphans.enabled client.viewer.interpolate_pixels db.statistics"),
    *_names("omero", "ldap.config ldap.sync_on_login mail.config mail.smtp.auth mail.smtp.starttls.enable"),
    *_names("omero", "pixeldata.dispose pixeldata.fail_if_missing security.ignore_case security.password_required"),
    *_names("omero.web", "cors_origin_allow_all csrf_cookie_httponly csrf_cookie_secure debug email_use_tls"),
    *_names("omero.web", "feedback.comment.enabled feedback.error.enabled login.show_client_downloads"),
    *_names("omero.web", "plate_download.enabled public.cache.enabled public.enabled public.get_only secure"),
    *_names("omero.web", "send_broken_link_emails session_cookie_secure session_expire_at_browser_close"),
    *_names("omero.web", "show_forgot_password use_x_forwarded_host user_dropdown"),
}
_WHOLES = {
    *_names("omero.client", "browser.thumb_default_size download_as.max_size viewer.roi_limit"),
    *_names("omero.jvmcfg", "max_system_memory min_system_memory system_memory", _JVM),
    *_names("omero.pixeldata", "backoff.default backoff.maxpixels batch max_plane_height max_plane_width"),
    *_names("omero.pixeldata", "memoizer_wait repetitions threads tile_height tile_width"),
    *_names("omero.search", "batch max_file_size max_partition_size merge_factor ram_buffer_size repetitions"),
    *_names("omero.security", "login_failure_throttle_count login_failure_throttle_time"),
    *_names("omero.sessions", "max_user_time_to_idle max_user_time_to_live maximum sync_force sync_interval timeout"),
    *_names(
        "omero.threads", "background_threads background_timeout cancel_timeout idle_timeout max_threads min_threads"
    ),
    *_names("omero.throttling", "method_time.error method_time.warn objects_read_interval objects_written_interval"),
    *_names("omero", "db.prepared_statement_cache_size query.timeout scripts.timeout throttling.servants_per_session"),
    *_names("omero.web", "api.limit api.max_limit application_server.max_requests chunk_size max_table_download_rows"),
    *_names("omero.web", "max_table_slice_size maximum_multifile_download_size page_size ping_interval"),
    *_names("omero.web", "public.cache.timeout public.server_id session_cookie_age thumbnails_batch wsgi_timeout"),
}
_POSITIVES = {"omero.db.poolsize", *_names("omero.web", "wsgi_threads wsgi_worker_connections wsgi_workers")}
_PERCENTS = _names("omero.jvmcfg", "percent", _JVM)
_HEAPS = _names("omero.jvmcfg", "heap_size", _JVM)
_PORTS = {
    *_names("omero", "db.port mail.port ports.registry ports.ssl ports.tcp ports.ws ports.wss"),
    *_names("omero.web", "application_server.port email_port"),
}
_PATHS = {
    *_names("omero", "data.dir managed.dir pixeldata.memoizer.dir pixeldata.memoizer.dir.local"),
    *_names("omero.web", "logdir static_root"),
}
_LISTS = {
    *_names(
        "omero.web", "admins apps cors_origin_whitelist csrf_trusted_origins django_additional_settings mapr.config"
    ),
    *_names("omero.web", "middleware nginx_server_extra_config open_with redirect_allowed_hosts server_list"),
    *_names("omero.web", "secure_proxy_ssl_header staticfile_dirs template_dirs ui.center_plugins"),
    *_names("omero.web", "gallery.filter_keys gallery.filter_mapr_keys gallery.study_short_name"),
    *_names("omero.web", "gallery.top_right_links ui.metadata_panes ui.right_plugins ui.top_links"),
}
_MAPS = {
    *_names("omero.web", "caches databases gallery.category_queries gallery.super_categories login_redirect"),
    *_names("omero.web", "gallery.top_left_logo sharing.opengraph sharing.twitter"),
}
_PATTERNS = {"omero.web.public.url_filter"}
_CHOICES = {
    "omero.web.application_server": ("wsgi", "wsgi-tcp", "development"),
    "omero.web.plate_layout": ("expand", "shrink", "trim"),
    "omero.web.wsgi_worker_class": ("sync", "gevent"),
    **dict.fromkeys(_names("omero.jvmcfg", "strategy", _JVM), ("manual", "percent")),
}
# texts, known by name alone
_TEXTS = {
    *_names("omero.jvmcfg", "append heap_dump perm_gen", _JVM),
    *_names("omero", "checksum.supported client.icetransports client.scripts_to_ignore client.ui.tree.type_order"),
    *_names("omero", "client.web.host db.host db.name db.user db.profile fs.repo.path fs.repo.path_rules host"),
    *_names("omero", "launcher.python ldap.base ldap.group_filter ldap.group_mapping ldap.new_user_group ldap.urls"),
    *_names("omero", "ldap.user_filter ldap.user_mapping ldap.username mail.from mail.host policy.binary_access"),
    *_names("omero", "pixeldata.cron ports.prefix scripts.cache.cron search.analyzer search.cron"),
    *_names("omero", "security.password_provider server.nodedescriptors server.servicemanager.checkenv upgrades.url"),
    *_names("omero.client.ui", "menu.dropdown.colleagues.label menu.dropdown.everyone.label"),
    *_names("omero.client.ui", "menu.dropdown.leaders.label tree.orphans.description tree.orphans.name"),
    *_names("omero.web", "application_server.host base_include_template csrf_cookie_samesite email_host"),
    *_names("omero.web", "favicon_url force_script_name html_meta_referrer index_template login_logo login_view"),
    *_names("omero.web", "login_incorrect_credentials_text prefix public.cache.key public.user root_application"),
    *_names("omero.web", "session_cookie_domain session_cookie_name session_cookie_path session_cookie_samesite"),
    *_names("omero.web", "session_engine session_serializer static_url time_zone top_logo top_logo_link viewer.view"),
    *_names("omero.web", "wsgi_args x_frame_options"),
}


def _whole(value, least, most=None):
    digits = not isinstance(value, bool) and re.fullmatch(r"[0-9]+", str(value))
    return bool(digits) and least <= int(value) and (most is None or int(value) <= most)


def _json(value, kind):
    """Whether a value is of a kind, or a text of JSON that is, as OMERO's manual writes it."""
    try:
        return isinstance(json.loads(value) if isinstance(value, str) else value, kind)
    except ValueError:
        return False


def _regular(value):
    try:
        re.compile(value)
    except (re.error, TypeError):
        return False
    return True


_KINDS = (
    (_FLAGS, "true or false", lambda value: isinstance(value, bool) or value in ("true", "false")),
    (_WHOLES, "a whole number from 0", lambda value: _whole(value, 0)),
    (_POSITIVES, "a whole number from 1", lambda value: _whole(value, 1)),
    (_PERCENTS, "a whole number from 1 to 100", lambda value: _whole(value, 1, 100)),
    (_HEAPS, "a size such as 24G or 512m", lambda value: bool(re.fullmatch(r"(-Xmx)?[0-9]+[bkmgBKMG]?", str(value)))),
    (_PORTS, "a port from 1 to 65535", lambda value: _whole(value, 1, 65535)),
    (_PATHS, "an absolute path", lambda value: isinstance(value, str) and value.startswith(("/", "${"))),
    (_LISTS, "a list, or a text of JSON that is one", lambda value: _json(value, list)),
    (_MAPS, "a map, or a text of JSON that is one", lambda value: _json(value, dict)),
    (_PATTERNS, "a regular expression of Python", _regular),
)
_EXPECTED = {name: (expected, fits) for names, expected, fits in _KINDS for name in names}
NAMES = sorted({*_EXPECTED, *_CHOICES, *_TEXTS})


def wrong(properties):
    """
    Known properties whose values OMERO would not understand.

    :param properties: map of properties; None takes one out
    :returns: list of ``(property, what was expected)``, sorted
    """
    found = []
    for name, value in sorted(properties.items()):
        expected, fits = _EXPECTED.get(name, (None, None))
        if name in _CHOICES:
            choices = _CHOICES[name]
            expected, fits = f"one of {', '.join(choices)}", lambda value, choices=choices: value in choices
        if value is not None and fits is not None and not fits(value):
            found.append((name, expected))
    return found


def misspelt(properties):
    """
    Properties that are not known and look like one that is.

    :param properties: map, or names of properties
    :returns: list of ``(property, the known one)``, sorted
    """
    known = set(NAMES)
    unknown = [name for name in properties if name not in known and name.startswith("omero.")]
    pairs = ((name, difflib.get_close_matches(name, NAMES, n=1, cutoff=0.93)) for name in sorted(unknown))
    return [(name, close[0]) for name, close in pairs if close]


def chosen(properties):
    """
    Return properties without those that are None, in maps below them as well: so an environment takes out what a
    default says.
    """
    return {
        key: chosen(value) if isinstance(value, dict) else value
        for key, value in properties.items()
        if value is not None
    }
