"""The busiest pages by the access log."""

import gzip

import idr_busiest

LINE = '10.0.0.9 - - [31/Jan/2025:04:00:00 +0000] "{} HTTP/1.1" {} 1234 "-" "a \\"b\\" c" 0.002 {} {} http\n'


def line(request, status=200, cache="HIT", zone="omero_thumbnail"):
    return LINE.format(request, status, cache, zone)


def test_the_busiest_of_what_the_cache_keeps_come_first():
    lines = [
        *[line("GET /b?x=1")] * 3,
        *[line("GET /a", cache="MISS")] * 3,
        line("GET /c", cache="EXPIRED"),
        *[line("GET /no-zone", cache="-", zone="-")] * 9,
        *[line("POST /posted")] * 9,
        *[line("GET /gone", 404)] * 9,
        "half a li",
    ]
    assert idr_busiest.paths(lines, 10) == ["/a", "/b?x=1", "/c"]
    assert idr_busiest.paths(lines, 1) == ["/a"]


def test_logs_that_were_rotated_count_as_well(tmp_path):
    log = tmp_path / "access.log"
    log.write_text(line("GET /now"))
    (tmp_path / "access.log.1").write_text(line("GET /yesterday"))
    with gzip.open(tmp_path / "access.log.2.gz", "wt") as file:
        file.write(line("GET /before"))
    found = idr_busiest.paths(idr_busiest.lines(str(log), 7), 10)
    assert found == ["/before", "/now", "/yesterday"]
    assert idr_busiest.paths(idr_busiest.lines(str(log), 1), 10) == ["/now"]
