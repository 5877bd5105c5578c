"""The site in a browser: what a visitor sees and does. Screenshots of every page stay in .screenshots/."""

import json
import re

import pytest
from chromium import Visitor, unexpected
from selenium.webdriver import ActionChains
from selenium.webdriver.common.keys import Keys

CHANNELS_OF_FIELDS = {"DAPI", "GFP", "mCherry"}


@pytest.fixture(scope="module")
def browser(local):
    visitor = Visitor(local.url)
    yield visitor
    visitor.quit()


@pytest.fixture
def visitor(browser, request):
    """The browser; in the end the console must hold no error that has no known reason."""
    browser.errors()
    browser.messages.clear()
    yield browser
    browser.shot(request.node.name.removeprefix("test_"))
    windows = browser.driver.window_handles
    for extra in windows[1:]:
        browser.driver.switch_to.window(extra)
        browser.errors()
        browser.driver.close()
    browser.driver.switch_to.window(windows[0])
    assert not unexpected(browser.errors())


def ask(local, path):
    status, body, _, _ = local.get(path)
    assert status == 200, path
    return json.loads(body)


@pytest.fixture(scope="module")
def images(local):
    """{name of dataset: ids of its images}."""
    (project,) = ask(local, "/api/v0/m/projects/")["data"]
    datasets = ask(local, f"/webclient/api/datasets/?id={project['@id']}")["datasets"]
    return {
        d["name"]: [i["id"] for i in ask(local, f"/webclient/api/images/?id={d['id']}")["images"]] for d in datasets
    }


def is_picture(look):
    """Whether a picture shows something, and not one colour alone."""
    return bool(look) and look["width"] > 40 and look["spread"] > 10


def pictures(visitor, selector, count):
    """What `count` pictures look like, once all of them are there."""
    script = (
        "return $(arguments[0]).map(function() { return this.src; }).get().filter(s => s.startsWith('data:image/'))"
    )
    sources = visitor.wait(
        lambda: (found := visitor.script(script, selector)) and len(found) >= count and found, f"{count} pictures"
    )
    return [visitor.look(source) for source in sources]


def test_start_page(visitor):
    visitor.open("/")
    assert visitor.driver.title == "A local image repository"
    visitor.wait(lambda: visitor.find("#studyCount").text == "2", "the number of studies")
    visitor.wait(lambda: visitor.find("#imageCount").text == "255", "the number of images")
    script = "return [...document.querySelectorAll('.studyThumb')].map(e => e.style.backgroundImage)"
    found = visitor.wait(lambda: (s := visitor.script(script)) and all(s) and s, "thumbnails of the studies")
    looks = [visitor.look(re.fullmatch(r'url\("(.*)"\)', source)[1]) for source in found]
    assert len(looks) == 2
    assert all(map(is_picture, looks))


def test_study_page(visitor):
    visitor.open("/study/idr0000/")
    visitor.find("body", "Synthetic cells in fields, stacks, time and tiles")
    visitor.find("body", "drawn, not observed")
    visitor.find("body", "Imaging Method: fluorescence microscopy")


def test_tree_project_dataset_thumbnails(visitor):
    visitor.open("/webclient/?experimenter=-1")
    visitor.find("#dataTree li", "idr0001-standin-screen")
    project = visitor.find("#dataTree li li", "idr0000-standin-cells")
    project.find_element("css selector", "i.jstree-ocl").click()
    visitor.click("#dataTree li li li .jstree-anchor", "fields")
    looks = pictures(visitor, "#dataIcons img, .iconLayout img, #icon_table img", 24)
    assert len(looks) == 24
    assert all(map(is_picture, looks))
    assert len({look["spread"] for look in looks}) == 24


def test_metadata_of_an_image(visitor, images):
    visitor.open(f"/webclient/?show=image-{images['fields'][0]}")
    panel = visitor.find("#right_panel", "Gene Symbol")
    visitor.wait(lambda: "CDC20" in panel.text and "Homo sapiens" in panel.text, "annotations")
    assert "Added on Project idr0000-standin-cells" in panel.text
    assert "DAPI, GFP, mCherry" in panel.text
    assert "256 x 256" in panel.text


def test_screen_plate_wells_and_fields(visitor):
    visitor.open("/webclient/?experimenter=-1")
    screen = visitor.find("#dataTree li li", "idr0001-standin-screen")
    screen.find_element("css selector", "i.jstree-ocl").click()
    visitor.click("#dataTree li li li .jstree-anchor", "plate1")
    visitor.wait(lambda: len(visitor.all("td.well img")) == 96, "96 wells")
    script = """return Promise.all([...document.querySelectorAll('td.well img')].map(
        e => e.decode().then(() => [e.src, e.naturalWidth])))"""
    first = visitor.wait(lambda: visitor.script(script), "pictures of the wells")
    assert all(width > 40 for _, width in first)
    looks = [visitor.look(source) for source, _ in first[::8]]
    assert all(map(is_picture, looks))
    visitor.click("#id_index option", "Field#2")
    visitor.wait(lambda: visitor.script(script)[0][0] != first[0][0], "the second field")


def viewer_canvas(visitor):
    """The picture in the viewer, once it shows something."""
    canvas = visitor.find(".ol-viewport canvas")
    return visitor.wait(lambda: (a := visitor.shot("", canvas)).std() > 10 and [a], "a picture in the viewer")[0]


def test_viewer_shows_channels(visitor, images):
    visitor.open(f"/webclient/img_detail/{images['fields'][0]}/")
    visitor.wait(lambda: {e.text for e in visitor.seen("button.channel")} == CHANNELS_OF_FIELDS, "the channels' names")
    before = viewer_canvas(visitor)
    blue = before[..., 2].mean()
    visitor.shot("viewer_all_channels")
    visitor.click("button.channel", "DAPI")
    visitor.wait(lambda: viewer_canvas(visitor)[..., 2].mean() < blue * 0.7, "the picture without DAPI")


def test_viewer_shows_stacks(visitor, images):
    visitor.open(f"/webclient/img_detail/{images['stacks'][0]}/")
    before = viewer_canvas(visitor)
    slider = visitor.find(".plane-slider, [plane_slider], .z-slider, dimension-slider[dim=z]")
    handle = slider.find_element("css selector", ".ui-slider-handle")
    handle.click()
    ActionChains(visitor.driver).send_keys_to_element(handle, Keys.ARROW_UP, Keys.ARROW_UP).perform()
    visitor.wait(lambda: abs(viewer_canvas(visitor) - before).mean() > 2, "another plane")


TILES = """return performance.getEntriesByType('resource').map(e => e.name)
    .filter(n => n.includes('render_image_region/')).map(n => n.match(/tile=([^&]*)/)[1])"""


def test_tiled_image_zooms_and_pans(visitor, images):
    visitor.open(f"/iviewer/?images={images['tiled'][0]}")
    viewer_canvas(visitor)
    coarse = visitor.wait(lambda: visitor.script(TILES), "tiles")
    visitor.click("button.ol-zoom-1-1")
    # More tiles of the level shown first may still be on their way.
    levels = {tile.split(",")[0] for tile in coarse}
    visitor.wait(lambda: {tile.split(",")[0] for tile in visitor.script(TILES)} - levels, "tiles of a finer level")
    viewer_canvas(visitor)
    shown = set(visitor.script(TILES))
    drag = ActionChains(visitor.driver, duration=200).click_and_hold(visitor.find(".ol-viewport canvas")).pause(0.3)
    for _ in range(6):
        drag.move_by_offset(-60, -40)
    drag.pause(0.3).release().perform()
    visitor.wait(lambda: set(visitor.script(TILES)) - shown, "tiles of another place")
    viewer_canvas(visitor)


@pytest.mark.parametrize(
    ("query", "colours"),
    [("", "rgb"), ("?c=-1,-2,3|0:3000$FF0000&m=c", "r"), ("?c=1|0:3000$0000FF,-2,-3&m=c", "b")],
    ids=["all", "red", "blue"],
)
def test_webgateway_renders_channels(visitor, images, query, colours):
    visitor.open("/webclient/?experimenter=-1")
    look = visitor.look(f"/webgateway/render_image/{images['fields'][0]}/0/0/{query}")
    assert (look["width"], look["height"]) == (256, 256)
    assert {name for name, mean in zip("rgb", look["colour"], strict=True) if mean > 1.5} == set(colours)


def test_webgateway_renders_planes_and_regions(visitor, images):
    visitor.open("/webclient/?experimenter=-1")
    planes = [visitor.look(f"/webgateway/render_image/{images['stacks'][0]}/{z}/0/") for z in range(7)]
    times = [visitor.look(f"/webgateway/render_image/{images['time-lapse'][0]}/0/{t}/") for t in range(10)]
    assert all(map(is_picture, planes + times))
    assert len({p["spread"] for p in planes}) == 7
    assert len({t["spread"] for t in times}) == 10
    region = visitor.look(f"/webgateway/render_image_region/{images['tiled'][0]}/0/0/?region=1000,900,300,200")
    assert (region["width"], region["height"]) == (300, 200)
    assert is_picture(region)


def test_gene_search_finds_images(visitor):
    visitor.open("/mapr/gene/?experimenter=-1")
    box = visitor.find("#id_autocomplete")
    box.send_keys("PLK1")
    visitor.click(".ui-autocomplete li", "PLK1")
    gene = visitor.find("#dataTree li li", "PLK1 (23)")
    gene.find_element("css selector", "i.jstree-ocl").click()
    project = visitor.find("#dataTree li li li", "idr0000-standin-cells")
    project.find_element("css selector", "i.jstree-ocl").click()
    visitor.click("#dataTree li li li li .jstree-anchor", "fields")
    looks = pictures(visitor, "#dataIcons img, .iconLayout img, #icon_table img", 2)
    assert all(map(is_picture, looks))


def test_phenotypes_are_listed(visitor):
    visitor.open("/mapr/phenotype/?experimenter=-1")
    visitor.find("#dataTree li", "mitosis arrested")


def test_figure_shows_an_image(visitor, images):
    visitor.open(f"/figure/new/?image={images['fields'][0]}")
    picture = visitor.find("img.img_panel")
    visitor.wait(lambda: is_picture(visitor.look(picture.get_attribute("src"))), "the panel's picture")
