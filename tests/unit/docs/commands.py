"""Commands that the documentation names, and what there is in the checkout that could answer them."""

import ast
import functools
import importlib.util
import pathlib
import re
import shlex
from dataclasses import dataclass

CHECKOUT = pathlib.Path(__file__).resolve().parents[3]
PROGRAMS = ("salt", "salt-run", "salt-cloud", "salt-call", "salt-key", "salt-ssh", "make")
# in a code block a line of its own, in a sentence between backticks
WRITTEN = re.compile(r"^ {4}(?P<block>[^ ].*)$|`(?P<inline>[^`\n]+)`", re.MULTILINE)


@dataclass(frozen=True)
class Command:
    """A command, without ``bin/local`` and what it says behind ``#``; ``where`` is the page and its line."""

    where: str
    words: tuple

    def __str__(self):
        return f"{self.where}: {' '.join(self.words)}"


def pages():
    """The README and all of docs."""
    return [CHECKOUT / "README.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]


def commands():
    """All :class:`Command` of all pages; names of programs alone are none."""
    return [command for page in pages() for command in _of(page)]


def _of(page):
    # a line that goes on at the next one is one command
    text = page.read_text(encoding="utf-8")
    text = re.sub(r"\\\n +", " ", text)
    for match in WRITTEN.finditer(text):
        line = match["block"] or match["inline"]
        words = _words(re.split(r" +# ", line)[0])
        if words and words[0] in PROGRAMS and len(words) > 1:
            number = text.count("\n", 0, match.start()) + 1
            yield Command(f"{page.relative_to(CHECKOUT)}:{number}", words)


def _words(line):
    try:
        # what may be left out is asked for as well
        words = tuple(shlex.split(re.sub(r"(?<= )\[([^'\"]*?)\]", r"\1", line)))
    except ValueError:
        return ()
    return words[1:] if words[:1] in (("bin/local",), ("sudo",)) else words


@functools.cache
def functions(folder):
    """``{module.function: (names of its arguments, whether it takes others)}`` of a folder of Salt's modules."""
    found = {}
    for path in sorted((CHECKOUT / folder).glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        name = next((_virtual_name(node) for node in tree.body if _virtual_name(node)), path.stem)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                arguments = [one.arg for one in (*node.args.args, *node.args.kwonlyargs)]
                found[f"{name}.{node.name.rstrip('_')}"] = (arguments, bool(node.args.kwarg))
    return found


def _virtual_name(node):
    if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__virtualname__":
        return node.value.value
    return None


def of_salt(kind, function):
    """Whether Salt itself has such a function of ``modules`` or ``runners``."""
    module, _, name = function.partition(".")
    # modules that stand for another one on Debian
    for file in (module, f"{module}mod", f"apt{module}", f"systemd_{module}"):
        spec = importlib.util.find_spec(f"salt.{kind}.{file}")
        if spec and re.search(rf"^(def {name}_?\(|{name}\b.*=)", pathlib.Path(spec.origin).read_text(), re.MULTILINE):
            return True
    return False


@functools.cache
def tests():
    """What each test file says."""
    here = pathlib.Path(__file__).parent
    files = [path for path in sorted((CHECKOUT / "tests").rglob("*")) if path.suffix in (".py", ".sh")]
    return [path.read_text(encoding="utf-8") for path in files if here not in path.parents]


def tried(function):
    """Whether a test calls a function: by its whole name, or as one of a module that its file loads."""
    module, _, name = function.partition(".")
    calls = re.compile(rf"\b{module}\w*\b.*(\.{name}\(|[\"']{name}[\"'])", re.DOTALL)
    return any(function in text or calls.search(text) for text in tests())
