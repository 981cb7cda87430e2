"""Untrusted text without what may be a secret in it: whoever tells of an error may repeat what it was sent."""

import re

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


def masked(text: str) -> str:
    """The text without keys, tokens and signatures: an error from outside may repeat what it was sent."""
    if not _MAY_BE_SECRET.search(text.casefold()):
        return text
    return _SECRET.sub(lambda found: f"{found[found.lastindex or 0]}…", text)


def without_queries(text: str) -> str:
    """The text with no more of an address than where it leads: what follows may sign for whoever has it."""
    return _QUERY.sub(lambda found: f"{found[1]}?…" if "://" in found[1] or "=" in found[2] else found[0], text)
