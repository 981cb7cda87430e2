"""What a job was given to work on, where the text of an error tells it: no part of the error, however it is written,
because it may hold prompts and internal addresses.
"""

import re

from bot.core.texts import READ

_NAMES = re.compile("param|argument|args|input|config|payload|prompt", re.IGNORECASE)  # in a name of what was given
_NAME = (  # no `ConfigError`: what comes after it says what is wrong
    r"[\w-]*(?:parameters?|params?|arguments?|args|inputs?|config|payload|prompts?)"
    r"(?:_\w+|(?-i:(?!Err|Exc|Warn|Fault|Fail)[A-Z])\w*)?"
)
_CURLY = r"“„«\u2018"
_STRING = rf"(?:(?:[bfru]|[bf]r|r[bf])?\\*[\"']|[{_CURLY}])"  # begins so, in Python and elsewhere
_VALUE = (  # after such a name: in brackets, or in quotes
    rf"(?:\\*+[\"']\s*+:\s*+(?=[\\\[{{]|{_STRING})|[\s:=]*+(?:map)?+(?=[\[{{])|(?:\s*+[:=]\s*+)?+(?=\()"
    rf"|\s*+=\s*+(?={_STRING})|(?<=prompt):\s*+(?={_STRING}))"
)
_AFTER_FLAG = rf"(?:=|\s++|\\*+[\"']\s*+,\s*+)(?={_STRING})"  # in a command, or in the list of its words
BEFORE_GIVEN = rf"(?P<given>(?<![\w-])(?:(?>{_NAME}){_VALUE}|--(?>{_NAME})[\w-]*+{_AFTER_FLAG}))"
_FLAG = rf"--(?>{_NAME})[\w-]*+="
_FLAGS = re.compile(  # in quotes, or bare
    rf"(?<=\")(?P<double>{_FLAG})[^\"]+|(?<=')(?P<single>{_FLAG})[^']+|(?<![\w\"'-])(?P<bare>{_FLAG})[^\s\"',]+",
    re.IGNORECASE,
)
_TOKEN = re.compile(  # a string, which may stand in JSON, or have no end; a bracket
    r"(?<!\\)(?P<triple>\\*+[\"'])(?P=triple){2}(?:.*?(?<!\\)(?P=triple){3}|(?P<endless>.*))"
    r"|\"(?:[^\"\\]|\\.)*+\"|'(?:[^'\\]|\\.)*+'|(?<!\\)(?P<escaped>\\++[\"']).*?(?<!\\)(?P=escaped)"
    r"|“[^”]*+”|„[^“”]*+[“”]|«[^»]*+»|\u2018(?:[^\u2019]|\u2019(?=\w))*+\u2019"
    rf"|(?P<cut>[\"'{_CURLY}])|(?P<open>[\[({{])|(?P<close>[\])}}])",
    re.DOTALL,
)
_VALUES = re.compile(rf"[\"':={_CURLY}]")  # in brackets: they hold more than words or numbers
_BLOCK = re.compile(r"[^\n]*(?:\n[ \t}\])][^\n]*)*")  # to the end of the line, with the lines that are of it


def names_given(name: str) -> bool:
    """Whether this name in an object is of what a job was given."""
    return _NAMES.search(name) is not None


def without_flags(text: str) -> str:
    """The text without what flags such as `--config=…` are set to in it."""
    return _FLAGS.sub(lambda found: f"{found[found.lastgroup or 0]}…", text) if "--" in text else text


def instead_of_given(text: str, start: int, *, exactly: bool) -> tuple[str, int]:
    """What stands for what the job was given and begins there, and where that ends: if not looked for `exactly`, with
    the line. A bracket of mere words or numbers stays.
    """
    end = (_end_of_value(text, start) if exactly else 0) or _end_of_block(text, start)
    return "…" if _VALUES.search(text, start, end) else text[start:end], end


def _end_of_value(text: str, start: int) -> int:
    """Where a string or the matching bracket ends; 0 if it does not. A string of many lines has no other end."""
    depth = 0
    for token in _TOKEN.finditer(text, start, start + READ):
        if token["endless"] is not None:
            return len(text)
        if token["cut"]:
            return 0
        depth += bool(token["open"]) - bool(token["close"])
        if depth <= 0:
            return token.end()
    return 0


def _end_of_block(text: str, start: int) -> int:
    block = _BLOCK.match(text, start)
    return block.end() if block else start
