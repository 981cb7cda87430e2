"""Untrusted text made fit to stand beside ours: nothing invisible, nothing that turns the line around, nothing that
may be a secret, no more than there is room for. It never interprets: what looks like markup stays as it was written.
"""

import re
import unicodedata
from functools import lru_cache

NOTHING = "\N{EN DASH}"  # stands where there is nothing to say
READ = 20_000  # characters of a text that are looked at
_JOINERS = "\u200c\u200d"  # parts of words and of emoji, and harmless
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_KEY = "[A-Za-z0-9._~+/=%-]"  # what keys and tokens are made of
_SOON = 80  # characters within which a key has a digit, or is none: looked for no further, or time runs away
_DIGIT = rf"(?=[A-Za-z._~+/=%-]{{0,{_SOON}}}+[0-9])"  # among it: what tells a key from words
_ALONE = r"(?:(?<![\w-])|(?<=\\[nrt]))"  # not the rest of a word; a line's end may stand as it is written in JSON
_QUOTE = r"\\{0,3}[\"']"  # around a value in JSON, which may stand in JSON itself
_SET = rf"(?:{_QUOTE})?\s?[:=]"
_TO = rf"{_SET}\s?(?:{_QUOTE})?"
_ENCODED = "%(?:25)*"  # once or more often
_IS = rf"(?:=|{_ENCODED}3d)"
_VALUE = rf"(?:(?!{_ENCODED}26){_KEY})+"  # in an address
_NAME = "(?:passw(?:or)?d|passphrase|pwd|secret|(?:api|access|account|private|secret|signing)[ _-]?key)"
_NO_VALUE = r"(?!(?:none|null|nil|true|false|missing|empty|unset|undefined|invalid|expired|required)\b)"
_SIGNING = "(?:ticket|sig(?:nature)?|token|(?:api)?key|secret|password|hmac|jwt|auth|sas|code|policy)"
_CLOUD = "x-(?:amz|goog|oss|obs|tos|cos)-"  # before the names of what signs
_PAIR = r"[\w.-]{1,80}+=[^\s\\\"',;]*+"  # of a cookie
_PEM = "(?:[a-z0-9]{1,20} ){0,3}private key(?: block)?-----"
_SECRET = re.compile(  # in a group: what of it may stay
    rf"(?=[abceghpstux?&#%:-])(?:"  # begins nowhere else: most of a text is passed over
    rf"{_ALONE}((?-i:sk)[_-])(?=[a-z_-]{{0,{_SOON}}}+[0-9])(?:[a-z0-9_-]{{16,}}|(?:live|test)_[a-z0-9_-]{{6,}})"
    rf"|{_ALONE}(?:xox[a-z]\.)?(xox[a-z]-(?=[a-z]{{0,{_SOON}}}+[0-9-])|xapp-(?=[0-9])){_KEY}+"
    rf"|(authorization{_TO})(?:(?:bearer|basic|digest)\s+{_KEY}+"
    rf"|[a-z][a-z0-9_-]{{0,30}}\s+(?:{_DIGIT}(?:{_KEY}|:){{16,}}|{_KEY}{{40,}})"
    rf"|(?:token\s+)?(?:{_DIGIT}{_KEY}{{12,}}|{_KEY}{{40,}}))"
    rf"|(bearer\s+)(?:{_DIGIT}{_KEY}{{6,}}|{_KEY}{{20,}})"
    rf"|({_CLOUD}[a-z-]{{1,40}}{_IS}){_VALUE}"
    rf"|({_CLOUD}[a-z-]{{0,40}}(?:signature|credential|token|key){_TO})(?:{_DIGIT}{_KEY}{{6,}}|{_KEY}{{20,}})"
    rf"|((?:[?&#]|&amp;|u0026|{_ENCODED}(?:26|3f|23))(?:[a-z0-9]{{1,20}}[_-]){{0,3}}"
    rf"{_SIGNING}{_IS}){_VALUE}"
    rf"|({_NAME}{_SET}\s?{_QUOTE}){_NO_VALUE}[^\\\"']+"
    rf"|({_NAME}=){_NO_VALUE}[^\s\\\"',;&]+"
    rf"|({_NAME}{_SET}\s?)(?:{_DIGIT}{_KEY}{{6,}}|{_KEY}{{20,}})"
    rf"|(token{_TO})(?:{_DIGIT}{_KEY}{{12,}}|{_KEY}{{40,}})"
    rf"|(signature{_TO})(?:{_DIGIT}{_KEY}{{27,}}|{_KEY}{{40,}})"
    rf"|(policy{_TO}){_KEY}{{40,}}"
    rf"|(cookie{_TO}){_PAIR}(?:;\s?{_PAIR}|;\s?[\w-]{{1,80}}+)*+"
    rf"|{_ALONE}(gh[oprsu]_|github_pat_)[a-z0-9_]{{10,}}"
    rf"|{_ALONE}(glpat-)[a-z0-9_.-]{{10,}}"
    rf"|{_ALONE}(hf_)(?=[a-z]{{0,{_SOON}}}+[0-9])[a-z0-9]{{16,}}"
    rf"|{_ALONE}((?-i:A[KS]IA))(?-i:[A-Z0-9]{{12,}})"
    rf"|{_ALONE}((?-i:AIza))[\w-]{{30,}}"
    rf"|{_ALONE}((?-i:eyJ))(?:[\w-]{{4,}}+(?:\.[\w-]+){{2,4}}|[\w+/=-]{{20,}})"
    rf"|(-----begin )(?={_PEM}(?:\s|\\+[nr]){{0,20}}(?:[a-z0-9+/=]{{16}}|[a-z-]{{1,20}}: )){_PEM}"
    r"[^-]*+(?:-(?!----)[^-]*+)*+(?:-----end [a-z0-9 ]{1,80}-----)?"
    rf"|(hooks\.slack\.com/[a-z]+/){_KEY}+"
    r"|((?<=[a-z])://)[^/\s@?#]{1,200}(?=@))",  # user and password in an address
    re.IGNORECASE,
)
_MAY_BE_SECRET = re.compile(  # found quickly in small letters: no secret is without one of these
    rf"sk[_-](?=[a-z_-]{{0,{_SOON}}}+[0-9])[a-z0-9_-]{{11}}|xox[a-z]-|xapp-|authorization|bearer\s|{_CLOUD}"
    rf"|(?:[?&#]|u0026|{_ENCODED}(?:26|3f|23))[a-z0-9_;-]{{0,80}}{_SIGNING}(?:=|%)"
    rf"|(?:{_NAME}|token|signature|policy|cookie){_SET}"
    r"|gh[oprsu]_|github_pat_|glpat-|hf_|a[ks]ia[a-z0-9]{12}|aiza[\w-]{30}|eyj[\w+/-]{4}|-----begin "
    r"|hooks\.slack\.com/|://[^/\s@?#]{1,200}@"
)
_QUERY = re.compile(  # of a word that may be an address, to where the sentence goes on
    r"(?<![^\s<>\"'`?])([^\s<>\"'`?]*+)\?((?:[^\s<>\"'`\\]|\\(?![\"'nrt]))+(?<![:,.;!)\]}]))"
)
_ESCAPES = re.compile(  # what colours a terminal, and what names its window or links there
    r"(?:\x1b\[|\x9b)[0-?]*+[ -/]*+[@-~]"
    r"|(?:\x1b\]|\x9d)[^\x07\x1b\x9c\x9d]*+(?:\x07|\x1b\\|\x9c)"
)
_ODD = re.compile(r"[^ -~\n\w]")  # what may not be fit to be seen
_ISOLATE, _POP = "\u2068", "\u2069"


def tame(text: str, limit: int) -> str:
    """The text in one line of at most `limit` characters; a dash where there is none."""
    line = one_line(text[: 4 * limit])  # enough of most
    if len(line) <= limit and len(text) > 4 * limit:
        line = one_line(text)
    return isolated(shorten(line, limit)) or NOTHING


def tame_lines(text: str, limit: int) -> str:
    """The text with its lines kept, at most `limit` characters; empty where there is none."""
    lines = (line.rstrip() for line in _visible(text[:READ]).splitlines())
    return shorten("\n".join(lines).strip(f"\n{_JOINERS}"), limit)


@lru_cache(maxsize=2048)  # a job's error is looked at again and again
def one_line(text: str) -> str:
    line = " ".join(text[:READ].split())
    return (line if line.isprintable() else " ".join(_visible(line).split())).strip(_JOINERS)


def masked(text: str) -> str:
    """The text without keys, tokens and signatures: an error from outside may repeat what it was sent."""
    if not _MAY_BE_SECRET.search(text.casefold()):
        return text
    return _SECRET.sub(lambda found: f"{found[found.lastindex or 0]}…", text)


def without_queries(text: str) -> str:
    """The text with no more of an address than where it leads: what follows may sign for whoever has it."""
    return _QUERY.sub(lambda found: f"{found[1]}?…" if "://" in found[1] or "=" in found[2] else found[0], text)


def uncoloured(text: str) -> str:
    """The text without what it says to a terminal alone."""
    return text if text.isprintable() else _ESCAPES.sub("", text)


def first_line(text: str) -> str:
    """The first line that has anything on it."""
    return next((line for line in map(one_line, text[:READ].splitlines()) if line), "")


def shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: max(0, limit - 1)].rstrip() + "…"


def isolated(text: str) -> str:
    """Text that runs from right to left, fenced so that it cannot reorder what stands beside it."""
    return f"{_ISOLATE}{text}{_POP}" if _RIGHT_TO_LEFT.search(text) else text


def width(text: str) -> int:
    """The length as Slack may count it: a character beyond the basic plane counts twice."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def _visible(text: str) -> str:
    return text if text.isprintable() else _ODD.sub(lambda found: _seen(found[0]), uncoloured(text))


def _seen(character: str) -> str:
    match unicodedata.category(character):
        case "Cc":
            return character if character.isspace() else " "
        case "Cf":
            return character if character in _JOINERS else ""
        case "Cs":
            return "\ufffd"
        case "Zl" | "Zp":
            return "\n"
        case _:
            return character
