# ruff: noqa: RUF001  (words in other alphabets)
"""The newest text of a mail: without the quoted ones below it, and without signatures. Pure and linear."""

import re

_MOST_CHARS = 262_144
_LONGEST = 400
"""Of a line only so much is looked at; nobody's attribution is longer."""

# How the line above a quote ends, or what it says before the name, in the languages of Europe.
_WROTE = re.compile(
    r"\b(wrote|writes|said|schrieb|geschrieben|a écrit|ecrit|écrit|escribi[óo]|ha scritto|scritto|"
    r"schreef|geschreven|escreveu|skrev|skrifaði|kirjoitti|napsal\(?a?\)?|napisał\(?a?\)?|написал\(?а?\)?|"
    r"пишет|írta|a scris|έγραψε|yazdı|写道|のメッセージ)(?!\w)",
    re.IGNORECASE,
)
_OPENS = re.compile(
    r"((on|am|le|el|il|op|em|den|dnia|w dniu|pe|på|dne|í|em|no dia|il giorno|a|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|"
    r"в|\d{4}年|20\d\d)\b|.{1,80}<[^<>\s]{1,100}@[^<>\s]{3,100}>)",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"(original (message|mail|appointment)|ursprüngliche (nachricht|mail)|original-?nachricht|message d'origine|"
    r"message original|mensaje original|messaggio originale|oorspronkelijk bericht|mensagem original|"
    r"ursprungligt meddelande|oprindelig (meddelelse|besked)|opprinnelig melding|forwarded message|"
    r"weitergeleitete nachricht|message transféré|mensaje reenviado|messaggio inoltrato|"
    r"doorgestuurd bericht|wiadomość oryginalna|reply message|replied message)",
    re.IGNORECASE,
)
_FROM = re.compile(
    r"[*_>\s]{0,4}(from|von|de|da|van|från|fra|od|от|发件人|差出人|lähettäjä|feladó)[*_]{0,2}\s{0,2}[:\uff1a]",
    re.IGNORECASE,
)
_OTHER = re.compile(
    r"[*_>\s]{0,4}(sent|date|to|cc|subject|reply-to|gesendet|datum|an|betreff|envoyé|date|à|objet|enviado"
    r"|enviada|em|fecha|para|asunto|inviato|data|a|oggetto|verzonden|aan|onderwerp|assunto|skickat|till|ämne|"
    r"sendt|til|emne|wysłano|do|temat|отправлено|кому|тема|дата|发送时间|收件人|主题|日時|宛先|件名|lähetetty|"
    r"vastaanottaja|aihe)[*_]{0,2}\s{0,2}[:\uff1a]",
    re.IGNORECASE,
)
_DEVICE = re.compile(
    r"\W{0,3}(sent from (my|mail|outlook|yahoo|samsung|a mobile)|sent (via|with) |get outlook for|von meinem .{2,30} gesendet|"
    r"gesendet (von|mit|aus) |envoyé (de mon|depuis|à partir)|enviado (desde|do meu|a partir)|inviato da|"
    r"verzonden (vanaf|met|vanuit)|skickat från|skickades från|sendt fra|wysłane z|отправлено (с|из) |"
    r"télécharger outlook|download outlook|holen sie sich outlook|obtener outlook|scarica outlook)",
    re.IGNORECASE,
)
_RULE = re.compile(r"[-_=*~#+]{5,}")
_BANNER = re.compile(
    r"\W{0,3}(caution|external( e-?mail)?|warning|\[external\]|this (e-?mail|message) (originated|came) from outside)\b.{0,200}",
    re.IGNORECASE,
)


def newest(text: str) -> str:
    """What the sender wrote for this mail alone; empty when everything is quoted."""
    lines = [line.rstrip() for line in text[:_MOST_CHARS].splitlines()]
    kept: list[str] = []
    at = 0
    while at < len(lines):
        line = lines[at][:_LONGEST].strip()
        if line.startswith((">", "|>", "»")):
            at += 1
            continue
        if _ends_all(lines, at):
            break
        if taken := _attribution(lines, at):
            at += taken
            if not _quote_follows(lines, at):
                break
            continue
        if line in {"--", "—"} and any(kept):
            at = _next_quote(lines, at)
            continue
        if not (_DEVICE.match(line) and len(line) < 120):
            kept.append(lines[at])
        at += 1
    return _trimmed(kept)


def _ends_all(lines: list[str], at: int) -> bool:
    """Whether a quote without marks begins here: everything below it is old."""
    line = lines[at][:_LONGEST].strip()
    if line[:1] in {"-", "_", "*", "="} and _ORIGINAL.search(line):
        return True
    if not _FROM.match(line):
        return False
    return sum(bool(_OTHER.match(below[:_LONGEST])) for below in _filled(lines, at + 1, 6)) >= 2


def _filled(lines: list[str], start: int, most: int) -> list[str]:
    return [line for line in lines[start : start + 2 * most] if line.strip()][:most]


def _attribution(lines: list[str], at: int) -> int:
    """How many lines the "On … wrote:" that begins here takes; 0: none does."""
    if not _OPENS.match(lines[at][:_LONGEST].strip()):
        return 0
    said = ""
    for taken, line in enumerate(lines[at : at + 4], start=1):
        said = f"{said} {line[:_LONGEST].strip()}".strip()
        if not line.strip():
            return 0
        if said.endswith((":", "\uff1a")) and _says_who(said):
            return taken
    return 0


def _says_who(said: str) -> bool:
    dated = any(letter.isdigit() for letter in said)
    return bool(_WROTE.search(said) and (dated or "@" in said)) or (
        dated and said.endswith((">:", ">\uff1a"))
    )


def _quote_follows(lines: list[str], at: int) -> bool:
    below = _filled(lines, at, 1)
    return not below or below[0].lstrip().startswith((">", "|"))


def _next_quote(lines: list[str], at: int) -> int:
    """Behind a signature: where the next quote begins, or the end."""
    for index in range(at + 1, len(lines)):
        line = lines[index].lstrip()
        if line.startswith(">") or _ends_all(lines, index) or _attribution(lines, index):
            return index
    return len(lines)


def _trimmed(kept: list[str]) -> str:
    while kept and (not kept[-1].strip() or _RULE.fullmatch(kept[-1].strip()[:_LONGEST])):
        kept.pop()
    while kept and (
        not kept[0].strip() or (_BANNER.fullmatch(kept[0].strip()[:_LONGEST]) and len(kept) > 1)
    ):
        kept.pop(0)
    return "\n".join(kept).strip()
