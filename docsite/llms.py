"""`llms.txt` (llmstxt.org): the pages with a sentence of each, and their Markdown, for programs that read text."""

from __future__ import annotations

import re
from typing import Any

from docsite.navigation import named
from docsite.repository import outside_fences

_ABOUT = (
    "> A mock OpenStack cloud for development and CI: real, unpatched clients (Terraform, the openstack command line, "
    "SDKs) get the answers, states, quotas and refusals of the real services. It needs no "
    "hypervisor and starts in a second."
)


def llms_files(texts: dict[str, str], nav: list[Any]) -> dict[str, str]:
    """Path in the site -> text: `llms.txt`, `llms-full.txt` (all pages but the API reference), each page's Markdown."""
    lines, whole = ["# mopenstack", "", _ABOUT, ""], []
    for entry in nav:
        title, inner = next(iter(entry.items())) if isinstance(entry, dict) else ("Overview", entry)
        lines += [f"## {title}", ""]
        for page in named(inner):
            if title != "API reference":
                whole.append(f"<!-- {page} -->\n\n{texts[page].strip()}\n")
            if title != "API reference" or page.count("/") < 2 or page.endswith("/index.md"):
                lines.append(f"- [{_title(texts[page])}]({page}): {_sentence(texts[page])}")
        lines.append("")
    shown = {page: texts[page] for page in named(nav)}
    return {"llms.txt": "\n".join(lines), "llms-full.txt": "\n".join(whole), **shown}


def _title(text: str) -> str:
    found = re.search(r"^# (.+)", text, re.MULTILINE)
    return found.group(1).replace("`", "") if found else "Untitled"


def _sentence(text: str) -> str:
    """The first sentence of the first paragraph, without its links."""
    plain = outside_fences(text, lambda part: re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", part))
    blocks = re.sub(r"\A---\n.*?\n---\n", "", plain, flags=re.DOTALL).split("\n\n")
    paragraph = next((one for one in blocks if one.strip() and not re.match(r"\s*(?:#|\||<|>|```|- |\d+\.)", one)), "")
    sentence = re.match(r".+?[.:](?=\s+[A-Z`]|\s*\Z)", " ".join(paragraph.split()))
    return sentence.group() if sentence else " ".join(paragraph.split())
