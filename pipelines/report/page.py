"""Renders the page: template, style, script, strings and data in one file that needs no network."""

import base64
import hashlib
import html
import importlib.resources
import json
import string
from typing import Any

_ASSETS = importlib.resources.files(__package__) / "assets"
SCRIPTS = ("uplot.min.js", "words.js", "timeline.js", "recording.js", "list.js", "report.js")
_STYLES = ("uplot.min.css", "report.css")


def render(data: dict[str, Any], language: str) -> str:
    """Returns the HTML page.

    Args:
        data: What `data.collect` returns.
        language: Of the labels; a file of this name holds the strings.
    """
    text = strings(language)
    script, style = _join(SCRIPTS), _join(_STYLES)
    script = f"/*\n{_read('uplot.LICENSE.txt')}*/\n{script}"  # goes with every copy of uPlot
    return string.Template(_read("template.html")).substitute(
        {name: html.escape(value) for name, value in text.items()},
        language=language,
        # Nothing may be loaded, and nothing runs but the script written here.
        policy=f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'",
        style=style,
        script=script,
        strings_json=_json(text),
        data_json=_json(data),
    )


def strings(language: str) -> dict[str, str]:
    """Returns the labels of the page by name."""
    return json.loads(_read(f"{language}.json"))


def _read(name: str) -> str:
    return (_ASSETS / name).read_text("utf-8")


def _join(names: tuple[str, ...]) -> str:
    return "\n".join(map(_read, names))


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def _json(value: object) -> str:
    """Returns JSON that ends no HTML element, whatever the names in it: it has no angle bracket."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
