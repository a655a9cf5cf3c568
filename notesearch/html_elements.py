"""Name the elements of HTML: what notes write between `<` and `>` may be none of them."""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


INLINE_ELEMENTS = _names(
    "a abbr acronym b bdi bdo big center cite code data del dfn em font i ins kbd mark nobr q s "
    "samp small span strike strong time tt u var wbr"
)
ELEMENTS = INLINE_ELEMENTS | _names(
    "address applet area article aside audio base blockquote body br button canvas caption col "
    "colgroup datalist dd details dialog dir div dl dt embed fieldset figcaption figure footer "
    "form frame frameset g h1 h2 h3 h4 h5 h6 head header hgroup hr html iframe img input label "
    "legend li link main map math menu meta meter nav noscript object ol optgroup option output "
    "p param path picture pre progress rect rp rt ruby script section select slot source sub "
    "summary sup svg table tbody td template textarea tfoot th thead title tr track ul video"
)
