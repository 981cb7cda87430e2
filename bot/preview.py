"""`preview` as a command: what a rule would post of jobs that are made up. No network, no secrets, no state file."""

import json
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot import BotError
from bot.config import Config, nearest, shown
from bot.core.alerts import Rule
from bot.core.changes import Change, ChangeKind
from bot.core.deadlines import Deadline
from bot.core.instants import exact_duration, whole_seconds
from bot.core.made_up import NOW, sorts, story
from bot.core.messages import ThreadReply
from bot.core.rehearsal import Rehearsed, caught_by, rehearse
from bot.core.wording import no_such_source
from bot.slack.drawing import drawn
from bot.slack.posting import Spot, payload
from bot.slack.render import Rendered, render_face, render_message

CARD_TS = f"{whole_seconds(NOW)}.000100"  # of a card that stands already


def show(config: Config, name: str | None, kind: str | None, count: int, console: Console) -> None:
    """For each message: where it goes, how it looks there, and what Slack is given. BotError if there is none."""
    rule = _rule(config.rules, name)
    changes = _story(config, rule, kind, count)
    if warning := _warning(config, rule, changes):
        console.print(Text(f"! {warning}", "yellow"))
    for said in _said(config, rule, changes):
        console.print(Text(_heading(said), "bold"))
        console.print(Text(f"{_grouping(rule)} · broadcast {rule.broadcast}", "bright_black"))
        _draw(said, console)
        console.print(Text(f"{_json(_payload(said))}\n"), soft_wrap=True)


def payloads(config: Config, name: str | None, kind: str | None, count: int) -> tuple[str, str]:
    """What Slack is given for each message, as one JSON array; and why it is given none of it, if that is so. BotError
    if there is nothing.
    """
    rule = _rule(config.rules, name)
    changes = _story(config, rule, kind, count)
    told = [_payload(said) for said in _said(config, rule, changes)]
    return json.dumps(told, indent=2, ensure_ascii=False), _warning(config, rule, changes)


def _warning(config: Config, rule: Rule, changes: Sequence[Sequence[Change]]) -> str:
    above = caught_by(rule, config.rules, changes[0][0])
    if not above:
        return ""
    return f"The rule {shown(above.name)} above takes such jobs. Without continue = true there, this one has none."


def _rule(rules: Sequence[Rule], name: str | None) -> Rule:
    names = [rule.name for rule in rules]
    if name is not None and name not in names:
        raise BotError(_unknown("rule", name, names))
    return rules[0 if name is None else names.index(name)]


def _unknown(what: str, word: str, known: Sequence[str]) -> str:
    near = nearest(word, known)
    asked = f": did you mean {shown(near)}?" if near else "."
    return f"There is no {what} {shown(word)}{asked} It can be {', '.join(map(shown, known))}."


def _kind(rule: Rule, word: str | None) -> ChangeKind:
    told = [kind for kind in ChangeKind if kind in rule.on]
    if word is None:
        return ChangeKind.FAILED if ChangeKind.FAILED in told else told[0]
    kind = next((kind for kind in ChangeKind if kind == word.casefold()), None)
    if kind is None:
        raise BotError(_unknown("kind of change", word, list(ChangeKind)))
    if kind not in told:
        raise BotError(f"The rule {shown(rule.name)} never tells of {shown(kind)}. It tells of: {', '.join(told)}.")
    return kind


def _story(config: Config, rule: Rule, kind: str | None, count: int) -> Sequence[Sequence[Change]]:
    """Of jobs that come to this rule, if there can be any; else of such as it would take if it stood first."""
    told = _kind(rule, kind)
    deadlines = [each for each in config.deadlines if each.after and told is ChangeKind.OVERDUE]
    made = dict.fromkeys(sorts(rule, config.source_names, count, deadlines))
    stories = [story(rule, told, sort, count, config.deadlines, config.thrashing) for sort in made]
    covered = [each for each in stories if len(each[-1]) == count and all(map(rule.matches, each[-1]))]
    if not covered:
        raise BotError(_nothing(rule, told, deadlines, config.source_names))
    return next((each for each in covered if not caught_by(rule, config.rules, each[0][0])), covered[0])


def _nothing(rule: Rule, kind: ChangeKind, deadlines: Sequence[Deadline], sources: Sequence[str]) -> str:
    if not any(map(rule.covers_source, sources)):
        return f"The rule {shown(rule.name)} covers no job: {no_such_source(rule, sources)}."
    none = f"The rule {shown(rule.name)} covers no job that can be made up"
    if kind is not ChangeKind.OVERDUE:
        return f"{none}: look at its globs."
    if not deadlines:
        return 'No job is ever overdue: every deadline in [[deadlines]] has after = "never".'
    return f"{none} and is ever overdue: look at its globs, and at [[deadlines]]."


def _said(config: Config, rule: Rule, changes: Iterable[Sequence[Change]]) -> Sequence[Rehearsed]:
    return rehearse(rule, changes, {source.name: source.job_url for source in config.sources}, NOW)


def _payload(said: Rehearsed) -> Mapping[str, object]:
    message = said.message
    spot = Spot(message.destination)
    if isinstance(message, ThreadReply):
        spot = Spot(message.destination, CARD_TS, message.broadcast)
    content = payload(spot, message.key, render_message(message, said.face))
    return {name: value for name, value in content.items() if value is not None}


def _heading(said: Rehearsed) -> str:
    message = said.message
    thread = ", in the thread of its card" if isinstance(message, ThreadReply) else ""
    rung = f"rings {', '.join(message.mentions)}" if message.mentions else "rings nobody"
    return f"to {message.destination}{thread} · {rung}"


def _grouping(rule: Rule) -> str:
    per = f" per {' and '.join(rule.group_by)}" if rule.group_by else ""
    if not rule.group_window:
        return f"one card{per} and look" if per else "one card per look"
    return f"one card{per}, within {exact_duration(rule.group_window)} up to {exact_duration(rule.group_max)}"


def _draw(said: Rehearsed, console: Console) -> None:
    console.print(_set_off(render_message(said.message, said.face)))
    if isinstance(said.message, ThreadReply):
        console.print(Text("the card then shows", "bold"))
        console.print(_set_off(render_face(said.face)))


def _set_off(rendered: Rendered) -> Padding:
    return Padding(drawn(rendered), (1, 2), expand=False)


def _json(content: Mapping[str, object]) -> str:
    """One field to a line, one block to a line."""
    fields = ",\n".join(f'  "{name}": {_lines(value)}' for name, value in content.items())
    return f"{{\n{fields}\n}}"


def _lines(value: object) -> str:
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    lines = ",\n".join(f"    {_lines(each)}" for each in value)
    return f"[\n{lines}\n  ]"
