"""The tags of a page in, what its head says out: title, authors, date, tags, which paper."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from notesearch.corpus.formats.html_tags import Tag, Text, Token

# The first of these that a page has gives the field.
_SOURCES = {
    "title": ("og:title", "twitter:title", "dc.title"),
    "author": ("author", "article:author", "dc.creator", "parsely-author"),
    "date": (
        "date", "article:published_time", "datepublished", "dc.date", "dcterms.created",
        "dcterms.date", "pubdate", "created",
    ),
    "description": ("description", "og:description", "dc.description"),
    "keywords": ("keywords", "news_keywords"),
    "arxiv": ("citation_arxiv_id",),
    "doi": ("citation_doi", "dc.identifier.doi", "prism.doi"),
    "url": ("og:url",),
}  # fmt: skip
_WHITE = re.compile(r"\s+")


def read_head(tokens: Sequence[Token], *, has_h1: bool) -> dict[str, object]:
    """Gather the fields; a heading of level 1 is a better title than the page's own."""
    metas = _metas(tokens)
    fields: dict[str, object] = {
        name: contents[0] for name, contents in metas.items() if name.startswith("citation_")
    }
    for name, sources in _SOURCES.items():
        value = next((metas[source][0] for source in sources if source in metas), "")
        if value:
            fields[name] = value
    if authors := metas.get("citation_author"):
        fields["authors"] = list(authors)
        fields["citation_author"] = list(authors)
    if tags := metas.get("article:tag"):
        fields["tags"] = list(tags)
    _add_elements(fields, tokens)
    if "citation_title" in fields:
        fields["title"] = fields["citation_title"]
    elif has_h1:
        fields.pop("title", None)
    elif isinstance(title := fields.get("title"), str):
        fields["title"] = _without_site(title, metas)
    return fields


def _metas(tokens: Sequence[Token]) -> dict[str, list[str]]:
    """Gather the contents of the `<meta>` tags by name, in the order of the page."""
    metas: dict[str, list[str]] = {}
    for token in tokens:
        if isinstance(token, Tag) and token.name == "meta" and not token.closing:
            said = token.attributes
            name = said.get("name") or said.get("property") or said.get("itemprop") or ""
            content = _WHITE.sub(" ", said.get("content", "")).strip()
            if name and content:
                metas.setdefault(name.strip().lower(), []).append(content)
    return metas


def _add_elements(fields: dict[str, object], tokens: Sequence[Token]) -> None:
    """Add what other elements than `<meta>` say: title, address, time."""
    for position, token in enumerate(tokens):
        if isinstance(token, Text) or token.closing:
            continue
        said = token.attributes
        if token.name == "title" and position + 1 < len(tokens):
            following = tokens[position + 1]
            if isinstance(following, Text) and following.data.strip():
                fields.setdefault("title", _WHITE.sub(" ", following.data).strip())
        elif token.name == "link" and said.get("rel", "").lower() == "canonical":
            if said.get("href", "").startswith("http"):
                fields.setdefault("url", said["href"].strip())
        elif token.name == "time" and said.get("datetime", "").strip():
            fields.setdefault("date", said["datetime"].strip())


def _without_site(title: str, metas: Mapping[str, Sequence[str]]) -> str:
    """Cut ` | Site` and ` - Site` from a title where the page names its site."""
    site = metas.get("og:site_name", [""])[0]
    if site and title.endswith(site):
        return title[: -len(site)].rstrip(" |-–—·:") or title
    return title
