"""A visitor with headless Chromium, who can reach nothing but 127.0.0.1."""

import io
import logging
import pathlib
import re

import numpy as np
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

# which would fill a failed test's report with every word between selenium and the browser
for _name in ("selenium", "urllib3", "PIL"):
    logging.getLogger(_name).setLevel(logging.INFO)

SHOTS = pathlib.Path(__file__).resolve().parents[2] / ".screenshots"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-proxy-server",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--window-size=1400,1000",
)
# (what an error of the console looks like, why it cannot be otherwise here)
KNOWN = (
    (r"//(fonts\.googleapis|use\.fontawesome)\.com/", "fonts that idr-gallery's pages name, with no network"),
    (r"//idr\.openmicroscopy\.org/about/img/logos/logo-idr-white\.svg", "a logo that idr-gallery's page names"),
    (r"//raw\.githubusercontent\.com/.*/download_urls\.tsv", "the IDR's list of downloads, named in a study's page"),
    (r"/about/(img/logos/[\w-]+\.(png|svg)|VERSION) .*404", "the IDR's own site about itself, beside OMERO"),
    (r"/searchengine/api/.*404", "the IDR's search engine, which is another service"),
    (r"/study/.*(Failed to fetch|Error fetching image counts)", "what a study's page says of these two"),
    (r"/omero_ms_image_region/ .*404", "iviewer asks whether an optional service is there"),
)
# mean and spread of the brightness of a picture on the page; how much of it is each of red, green and blue
LOOK = """
const [source, done] = [arguments[0], arguments[1]], picture = new Image();
picture.onerror = () => done(null);
picture.onload = () => {
  const canvas = document.createElement('canvas'), size = [picture.naturalWidth, picture.naturalHeight];
  [canvas.width, canvas.height] = size;
  const pen = canvas.getContext('2d');
  pen.drawImage(picture, 0, 0);
  const data = pen.getImageData(0, 0, ...size).data, n = data.length / 4, sum = [0, 0, 0];
  let total = 0, squares = 0;
  for (let i = 0; i < data.length; i += 4) {
    for (let c = 0; c < 3; c++) sum[c] += data[i + c];
    const grey = (data[i] + data[i + 1] + data[i + 2]) / 3;
    total += grey; squares += grey * grey;
  }
  const mean = total / n;
  done({width: size[0], height: size[1], spread: Math.sqrt(squares / n - mean * mean), colour: sum.map(s => s / n)});
};
picture.src = source;
"""


def unexpected(messages):
    """Those error messages that KNOWN does not explain."""
    return [m for m in messages if not any(re.search(pattern, m) for pattern, _ in KNOWN)]


class Visitor:
    def __init__(self, url):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for flag in FLAGS:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        # the driver's path is given, so that selenium looks for none elsewhere
        self.driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.driver.set_page_load_timeout(60)
        self.url, self.messages = url, []

    def open(self, path):
        self.driver.get(self.url + path)

    def errors(self):
        """Messages of the console's errors since the visit began."""
        self.messages += [x["message"] for x in self.driver.get_log("browser") if x["level"] == "SEVERE"]
        return self.messages

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def seen(self, selector, text=""):
        """The visible elements with this text in them."""
        return [e for e in self.all(selector) if e.is_displayed() and text in e.text]

    def wait(self, condition, what, seconds=40):
        """The condition's value, once it is true."""
        patient = WebDriverWait(self.driver, seconds, 0.3, ignored_exceptions=(Exception,))
        return patient.until(lambda _: condition(), f"{what}: not in {seconds} s on {self.driver.current_url}")

    def find(self, selector, text=""):
        """The first such visible element, once there is one."""
        return self.wait(lambda: self.seen(selector, text), f"{selector} with {text!r}")[0]

    def click(self, selector, text=""):
        self.wait(lambda: self.seen(selector, text)[0].click() or True, f"a click on {selector} with {text!r}")

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def look(self, source):
        """What the picture at this address looks like: a dictionary, None if it is none."""
        return self.driver.execute_async_script(LOOK, source)

    def shot(self, name, element=None):
        """Keep a screenshot of the window, or answer that of an element; as an array of rows, columns and RGB."""
        data = element.screenshot_as_png if element else self.driver.get_screenshot_as_png()
        if not element:
            SHOTS.mkdir(exist_ok=True)
            (SHOTS / f"{name}.png").write_bytes(data)
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB")).astype(int)

    def quit(self):
        self.driver.quit()
