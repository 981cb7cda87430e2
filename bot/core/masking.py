"""Untrusted text without what may be a secret in it: whoever tells of an error may repeat what it was sent."""

import re

_KEY = "[A-Za-z0-9._~+/=%-]"  # what keys and tokens are made of
_SOON = 80  # characters within which a key has a digit, or is none: looked for no further, or time runs away
_DIGIT = rf"(?=[A-Za-z._~+/=%-]{{0,{_SOON}}}+[0-9])"  # among it: what tells a key from words
_ALONE = r"(?:(?<![\w…-])|(?<=\\[nrt]))"  # not the rest of a word; a line's end may stand as it is written in JSON
_QUOTE = r"\\{0,3}[\"']"  # around a value in JSON, which may stand in JSON itself
_GAP = r"(?:[^\S\r\n]{0,80}+|\s)"  # as wide as in a table
_BREAK = r"\s{0,80}+"  # between the parts of JSON
_SET = rf"(?:{_QUOTE})?{_GAP}[:=]"
_TO = rf"{_SET}{_GAP}(?:{_QUOTE})?"
_SAID = r"(?: (?:is|was|provided|given|supplied|sent|received|used|invalid)){1,2}:"
_ENCODED = "%(?:25)*"  # once or more often
_ENCODED_IS = rf"(?:{_ENCODED}3d|\\{{1,4}}u003d)"
_IS = f"(?:=|{_ENCODED_IS})"
_BEFORE_SIGN = rf"(?:[?&#]|&amp;|u00(?:26|3f|23)|{_ENCODED}(?:26|3f|23))"  # in an address
_VALUE = rf"(?:[A-Za-z0-9._~+/=-]++|(?!{_ENCODED}26)%)++"  # in an address
_NAME = (
    "(?:passw(?:or)?d|passphrase|pwd(?!\\s?[:=]\\s?[/~])|secret|(?:api|access|account|private|secret|signing)[ _-]?key)"
)
_NO_VALUE = r"(?!(?:none|null|nil|true|false|missing|empty|unset|undefined|invalid|expired|required)\b)"
_FLAG = rf"{_ALONE}--?(?:[a-z0-9]{{1,20}}[_-]){{0,3}}"
_NEXT = rf"(?:{_QUOTE}\s?,{_BREAK}|[^\S\n]{{1,80}}+)"  # from a flag to its value, in a command or the list of its words
_VARIABLE = (
    rf"(?:{_QUOTE})?\s?,?{_BREAK}(?:{_QUOTE})?value{_SET}{_GAP}"  # of an environment, from its name to its value
)
_SIGNING = "(?:ticket|sig(?:nature)?|token|(?:api)?key|secret|password|hmac|jwt|auth|sas|code|policy)"
_CLOUD = "x-(?:amz|goog|oss|obs|tos|cos)-"  # before the names of what signs
_PAIR = r"[\w.-]{1,80}+=[^\s\\\"',;]*+"  # of a cookie
_PEM = "(?:[a-z0-9]{1,20} ){0,3}private key(?: block)?-----"
_OPENED = r"(?P<depth>\\{1,3})?(?P<quote>[\"'])"
_QUOTED = (  # to where the quotes close that were opened, whatever stands escaped between them
    r"(?:[^\\\"']++|(?(depth)(?P=depth))\\++[\"']?|\\++(?![\"'])|(?(depth)(?!)|(?!(?P=quote))[\"']))++"
)
_IN_ADDRESS = rf"({_BEFORE_SIGN}(?:[a-z0-9]{{1,20}}+[_-]){{0,3}}(?!{_NAME}=){_SIGNING}{_IS}){_VALUE}"
_IN_QUOTES = (
    rf"((?:{_NAME}(?:{_SET}{_GAP}(?:\{{{_BREAK}{_QUOTE}value{_SET}{_GAP})?|[\w-]{{0,40}}+{_VARIABLE})"
    rf"|{_FLAG}{_NAME}{_NEXT}(?!{_QUOTE}-))"
    rf"{_OPENED}){_NO_VALUE}{_QUOTED}"
)
_AFTER_NAME = (
    rf"({_NAME}{_SET}{_GAP}\[)(?={_BREAK}{_QUOTE}{_NO_VALUE}[^\\\"'])[^\]]++"
    rf"|({_NAME}=)(?!\[?…){_NO_VALUE}[^\s\\\"',;&]+"
    rf"|({_NAME}{_ENCODED_IS}){_NO_VALUE}{_VALUE}"
    rf"|({_NAME}>){_NO_VALUE}[^<\s][^<]{{0,200}}+(?=</)"
    rf"|({_NAME}(?:(?:{_SET}|{_SAID}){_GAP}|[\w-]{{0,40}}+{_VARIABLE}))(?:{_DIGIT}{_KEY}{{6,}}|{_KEY}{{20,}})"
)
_AFTER_FLAG = (
    rf"({_FLAG}{_NAME}{_NEXT})(?:{_DIGIT}{_KEY}{{6,}}|{_KEY}{{20,}})"
    rf"|({_FLAG}token{_NEXT}(?:{_QUOTE})?)(?:{_DIGIT}{_KEY}{{12,}}|{_KEY}{{40,}})"
)
_AFTER_OTHERS = (  # names that often have values which are no secrets
    rf"(authorization{_TO})(?:(?:bearer|basic|digest)\s+{_KEY}+"
    rf"|[a-z][a-z0-9_-]{{0,30}}\s+(?:{_DIGIT}(?:{_KEY}|:){{16,}}|{_KEY}{{40,}})"
    rf"|(?:token\s+)?(?:{_DIGIT}{_KEY}{{12,}}|{_KEY}{{40,}}))"
    rf"|(bearer\s+)(?:{_DIGIT}{_KEY}{{6,}}|{_KEY}{{20,}})"
    rf"|({_CLOUD}[a-z-]{{1,40}}+{_IS}){_VALUE}"
    rf"|({_CLOUD}(?:[a-z]{{1,20}}+-){{0,4}}(?:signature|credential|token|key){_TO})"
    rf"(?:{_DIGIT}{_KEY}{{6,}}|{_KEY}{{20,}})"
    rf"|(token(?:(?:{_SET}|{_SAID}){_GAP}|[\w-]{{0,2}}+{_VARIABLE})(?:{_QUOTE})?)(?:{_DIGIT}{_KEY}{{12,}}|{_KEY}{{40,}})"
    rf"|(value{_SET}{_GAP}{_QUOTE}){_NO_VALUE}[^\\\"']{{1,500}}+"
    rf"(?={_QUOTE}\s?,{_BREAK}{_QUOTE}name{_SET}{_GAP}{_QUOTE}[\w.-]{{0,60}}?{_NAME})"
    rf"|(signature{_TO})(?:{_DIGIT}{_KEY}{{27,}}|{_KEY}{{40,}})"
    rf"|(policy{_TO}){_KEY}{{40,}}"
    rf"|(cookie{_TO}){_PAIR}(?:;\s?{_PAIR}|;\s?[\w-]{{1,80}}+)*+"
    rf"|(hooks\.slack\.com/[a-z]+/){_KEY}+"
    rf"|(-----begin )(?={_PEM}(?:\s|\\+[nr]){{0,20}}(?:[a-z0-9+/=]{{16}}|[a-z-]{{1,20}}: )){_PEM}"
    r"[^-]*+(?:-(?!----)[^-]*+)*+(?:-----end [a-z0-9 ]{1,80}-----)?"
)
_BY_ITSELF = (  # known by how it begins
    rf"(gh[oprsu]_|github_pat_)[a-z0-9_]{{10,}}"
    rf"|((?-i:sk)[_-])(?=[a-z_-]{{0,{_SOON}}}+[0-9])(?:[a-z0-9_-]{{16,}}|(?:live|test)_[a-z0-9_-]{{6,}})"
    rf"|(?:xox[a-z]\.)?(xox[a-z]-(?=[a-z]{{0,{_SOON}}}+[0-9-])|xapp-(?=[0-9])){_KEY}+"
    r"|(glpat-)[a-z0-9_.-]{10,}"
    rf"|(hf_|npm_|r8_|gsk_)(?=[a-z]{{0,{_SOON}}}+[0-9])[a-z0-9]{{16,}}"
    rf"|(nvapi-|pypi-)(?=[a-z_-]{{0,{_SOON}}}+[0-9])(?:[a-z0-9_]{{16,}}[\w-]*+|[\w-]{{40,}})"
    rf"|(dapi)(?=[a-f]{{0,{_SOON}}}+[0-9])[a-f0-9]{{16,}}(?:-[0-9]+)?"
    rf"|((?-i:SG)\.)(?=[a-z_-]{{0,{_SOON}}}+[0-9])[\w-]{{16,}}(?:\.[\w-]+)?"
    r"|((?-i:A[KS]IA))(?-i:[A-Z0-9]{12,})"
    r"|((?-i:AIza))[\w-]{30,}"
    r"|((?-i:eyJ))(?:[\w-]{4,}+(?:\.[\w-]+){2,4}|[\w+/=-]{20,})"
)
_SECRET = re.compile(  # in a group: what of it may stay; most of a text is passed over by its first characters
    rf"(?=[abcdeghnprstuvx?&#%-])(?:(?=[adeghnprsx]){_ALONE}(?:{_BY_ITSELF})|(?=[?&#%u]){_IN_ADDRESS}"
    rf"|(?=[aps-]){_IN_QUOTES}|(?=[aps])(?={_NAME})(?:{_AFTER_NAME})|(?=-)(?:{_AFTER_FLAG})"
    rf"|(?=[abchpstvx-])(?:{_AFTER_OTHERS}))",
    re.IGNORECASE,
)
_MAY_BE_SECRET = re.compile(  # found quickly in small letters: no secret is without one of these
    rf"sk[_-](?=[a-z_-]{{0,{_SOON}}}+[0-9])[a-z0-9_-]{{11}}|xox[a-z]-|xapp-|authorization|bearer\s|{_CLOUD}"
    rf"|{_BEFORE_SIGN}[a-z0-9_;-]{{0,80}}{_SIGNING}(?:=|%|\\)"
    rf"|{_NAME}|token(?![a-z])|(?:signature|policy|cookie){_SET}"
    r"|gh[oprsu]_|github_pat_|glpat-|(?:hf|npm|r8|gsk)_[a-z0-9]{16}|nvapi-|pypi-|dapi[a-f0-9]{16}|sg\.[\w-]{16}"
    r"|a[ks]ia[a-z0-9]{12}|aiza[\w-]{30}|eyj[\w+/-]{4}|-----begin |hooks\.slack\.com/"
)
_NAMES_SECRET = re.compile(rf"(?:{_NAME}|token|credential|authorization)s?(?:[_-]?[0-9]+)?\Z", re.IGNORECASE)
_TO_AUTHORITY = r"[a-z0-9]:(?:\\{0,3}/){2}"  # in JSON, too
_ADDRESS = re.compile(rf"{_TO_AUTHORITY}[^\s\"'`<>]*+", re.IGNORECASE)
_USER = re.compile(  # with a password, which may hold any sign, or alone; but no host with its port
    rf"({_TO_AUTHORITY})(?!\[[0-9a-f:.%]*+\])(?:[^/?#:]*+:(?![0-9]{{1,5}}[/?#]).*+|[^/?#@:]++(?=@|\Z))",
    re.IGNORECASE | re.DOTALL,
)
_QUERY = re.compile(  # of a word that may be an address, to where the sentence goes on
    r"(?<![^\s<>\"'`?])((?:[^\s<>\"'`?\\]++|(?!\\{1,4}u003f)\\)*+)(\?|\\{1,4}u003f)"
    r"((?:[^\s<>\"'`\\]|\\(?![\"'nrt]))+(?<![:,.;!)\]}]))",
    re.IGNORECASE,
)


def masked(text: str) -> str:
    """The text without keys, passwords, tokens and signatures."""
    if _MAY_BE_SECRET.search(text.casefold()):
        text = _SECRET.sub(lambda found: f"{found[found.lastindex or 0]}…", text)
    return _ADDRESS.sub(_without_user, text) if "@" in text else text


def names_secret(name: str) -> bool:
    """Whether what has this name is a secret."""
    return _NAMES_SECRET.search(name) is not None


def without_queries(text: str) -> str:
    """The text with no more of an address than where it leads: what follows may sign for whoever has it."""
    return _QUERY.sub(_without_query, text)


def _without_user(address: re.Match[str]) -> str:
    """A password may hold what ends it elsewhere, so it reaches to the last `@` of the word."""
    before, at, host = address[0].rpartition("@")
    return _USER.sub(r"\1…", before) + at + host


def _without_query(found: re.Match[str]) -> str:
    is_address = "://" in found[1] or "=" in found[3]
    return f"{found[1]}{found[2]}…" if is_address else found[0]
