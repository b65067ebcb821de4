"""HTML to the text that a person sees, quoted parts behind "> ". Total and linear; fetches nothing."""

import re
from dataclasses import dataclass, field
from html import unescape

_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9]{0,15})")
_BREAKS = {"br", "p", "div", "li", "tr", "hr", "h1", "h2", "h3", "h4", "blockquote", "table", "ul", "ol", "pre"}  # fmt: skip
_HIDDEN = {"script", "style", "head", "title"}
_NESTING = {"div", "blockquote", "span", "section"}
_QUOTES = ("gmail_quote", "yahoo_quoted", "moz-cite-prefix", "protonmail_quote", "zmail_extra",
           "gmail_extra", "tutanota_quote", "outlookmessageheader", "wordsection_quote")  # fmt: skip
_REST = ("divrplyfwdmsg", "appendonsend", "stopspelling", "mail-editor-reference-message-container",
         "zwchr", "lotusheader", "replysplit")  # fmt: skip
"""Marks behind which everything to the end is a quote, not only what they enclose."""
_SIGNATURES = ("gmail_signature", "moz-signature", 'id="signature"', "ms-outlook-mobile-signature")


@dataclass(slots=True)
class _Page:
    lines: list[str] = field(default_factory=list[str])
    line: list[str] = field(default_factory=list[str])
    stack: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    quoted: int = 0
    rest: bool = False

    def end_line(self) -> None:
        text = " ".join("".join(self.line).split())
        self.line.clear()
        quoted = self.rest or self.quoted > 0
        if text or (self.lines and self.lines[-1]):
            self.lines.append(f"> {text}".rstrip() if quoted else text)

    def open(self, name: str, how: str) -> None:
        if len(self.stack) < 500:
            self.stack.append((name, how))
            self.quoted += how == "quote"

    def close(self, name: str) -> None:
        for index in range(len(self.stack) - 1, max(-1, len(self.stack) - 50), -1):
            if self.stack[index][0] == name:
                self.quoted -= sum(how == "quote" for _, how in self.stack[index:])
                del self.stack[index:]
                return


def html_to_text(html: str) -> str:
    """The visible text, a line per block; what a mail program marks as quoted begins with "> "."""
    page, at, low = _Page(), 0, html.lower()
    if len(low) != len(html):  # a letter whose small form is longer: the places would not agree
        html = low
    while at < len(html):
        start = html.find("<", at)
        if start < 0:
            start = len(html)
        page.line.append(unescape(html[at:start]).replace("\xa0", " "))
        if start == len(html):
            break
        at = _tag(page, html, low, start)
    page.end_line()
    return "\n".join(page.lines).strip("\n")


def _tag(page: _Page, html: str, low: str, start: int) -> int:
    """Read the tag at `start`; the index behind it, and behind what it hides."""
    if html.startswith("<!--", start):
        return _behind(html, "-->", start)
    end = _behind(html, ">", start)
    tag = html[start + 1 : min(end - 1, start + 1_000)]
    match = _NAME.match(tag)
    if not match:
        if tag[:1] not in {"!", "?", "/"}:
            page.line.append("<")
            return start + 1
        return end
    name = match[1].lower()
    if name in _HIDDEN and not tag.startswith("/"):
        found = low.find(f"</{name}", end)
        return end if found < 0 else _behind(html, ">", found)
    if name in _BREAKS:
        page.end_line()
    if tag.startswith("/"):
        page.close(name)
    elif not tag.endswith("/"):
        _opened(page, name, tag.lower())
    return end


def _opened(page: _Page, name: str, tag: str) -> None:
    if any(mark in tag for mark in _REST):
        page.end_line()
        page.rest = True
    if name not in _NESTING:
        return
    quote = name == "blockquote" or any(mark in tag for mark in _QUOTES)
    if quote and not page.quoted:
        page.end_line()
    if any(mark in tag for mark in _SIGNATURES):
        page.end_line()
        page.lines.append("-- ")
    page.open(name, "quote" if quote else "")


def _behind(html: str, what: str, start: int) -> int:
    found = html.find(what, start)
    return len(html) if found < 0 else found + len(what)
