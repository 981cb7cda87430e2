"""Is everything that this bot needs there and allowed? Every finding names its remedy. Asks and reads only, but for
the test messages of `--send`.
"""

import os
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

from bot import BotError
from bot.core.alerts import Rule
from bot.core.faults import Fault, swapped_key
from bot.core.instants import SECOND, Instant, instant, write_duration
from bot.core.memory import are_of_another
from bot.core.remedies import remedy
from bot.core.replies import Health
from bot.core.wording import no_such_source, number
from bot.jobs_api.client import JobsApi
from bot.server import try_listening
from bot.slack.channels import Channels
from bot.slack.doors import Door, knock
from bot.slack.places import Place, inspect, send_test
from bot.store.lock import is_held
from bot.store.store import open_archive, try_store

CLOCK_OFF = 10  # seconds; timestamps of both worlds are compared with ours only roughly


NETWORK = "see that this machine reaches that address (proxy, firewall, DNS), and that the address is right"


NO_SOURCE = "mend its source, or configure one of that name under [[sources]]"


HISTORY = {
    "channels:history": "public channels",
    "groups:history": "private channels",
    "im:history": "direct messages",
}


class Level(StrEnum):
    OK = "ok"
    NOTE = "note"  # the bot works, but something is less than it could be
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    about: str
    words: str
    remedy: str = ""

    @property
    def is_wrong(self) -> bool:
        return self.level is Level.WRONG


def check_rules(rules: Iterable[Rule], sources: Sequence[str]) -> list[Finding]:
    """The rules that can match nothing, since no source is called so."""
    return [
        Finding(Level.NOTE, f"rule {rule.name}", f"covers no job: {no_such_source(rule, sources)}", NO_SOURCE)
        for rule in rules
        if not any(map(rule.covers_source, sources))
    ]


async def check_store(path: Path, sources: Collection[str]) -> tuple[list[Finding], Mapping[str, str]]:
    """The state file, and the routes that are parked in it; and the organisation that it knows of each source."""
    if missing := _missing(path):
        return [missing], {}
    try:
        await try_store(path)
        async with open_archive(path, sources) as archive:
            health, organisations = await archive.health(), await archive.organisations()
    except BotError as error:
        return [Finding(Level.WRONG, "store", str(error))], {}
    jobs = sum(source.jobs for source in health.sources)
    fine = Finding(Level.OK, "store", f"{path}, {number(jobs, 'job')}")
    return [fine, *map(_ghost, archive.ghosts), *_parked(health)], organisations


def _ghost(source: str) -> Finding:
    words = "is in the state file and configured no more: its jobs are not shown"
    remedy_ = "if it was renamed, it begins anew; or give it back its old name"
    return Finding(Level.NOTE, f"source {source}", words, remedy_)


async def check_listen(host: str, port: int, state: Path) -> Finding:
    """The address of the bot's own server; a bot that runs may have it already."""
    about = f"server on {host}:{port}"
    try:
        await try_listening(host, port)
    except BotError as error:
        if not _runs(state):
            return Finding(Level.WRONG, about, str(error))
        return Finding(Level.OK, about, "is in use, and a bot runs on the state file")
    return Finding(Level.OK, about, "is free")


def _runs(state: Path) -> bool:
    try:
        return is_held(state)
    except BotError:  # which is told of the store
        return False


def _missing(path: Path) -> Finding | None:
    folder = path.absolute().parent
    if not os.access(folder, os.W_OK | os.X_OK):
        return Finding(
            Level.WRONG, "store", f"cannot write to the folder {folder}", "give the bot one, or set [store] url"
        )
    if path.exists():
        return None
    return Finding(Level.NOTE, "store", f"no state file {path} yet", "`jobsbot run` makes it at its first look")


def _parked(health: Health) -> Iterator[Finding]:
    for route in health.parked:
        words = f"{route.waiting} messages wait: {route.reason}"
        yield Finding(Level.WRONG, f"route {route.destination}", words, remedy(route.reason))


async def check_source(api: JobsApi, organisation: str, now: Instant) -> AsyncIterator[Finding]:
    """`organisation` is the one that the state file knows, if any."""
    about = f"source {api.source}"
    page = await api.glance()
    if isinstance(page, Fault):
        yield Finding(Level.WRONG, about, str(page), "" if page.needs_operator else NETWORK)
        return
    if are_of_another(organisation, (row.job for row in page.rows if row.job)):
        swapped = swapped_key(organisation)
        yield Finding(Level.WRONG, about, f"{swapped.kind}: {swapped.detail}", swapped.remedy)
    else:
        yield Finding(Level.OK, about, f"the job API lets the bot in and counts {page.total} jobs")
    yield _clock(f"clock of {about}", page.at, now)


async def check_slack(
    client: AsyncWebClient, app_token: str | None, rules: Sequence[Rule], clock: Callable[[], Instant], *, send: bool
) -> AsyncIterator[Finding]:
    door, now, channels = await knock(client, app_token), clock(), Channels(client, clock)
    if not door.is_open:
        yield Finding(Level.WRONG, "Slack", door.refusal or door.trouble, "" if door.refusal else NETWORK)
        return
    yield Finding(Level.OK, "Slack", f"lets the bot in to {door.team} as {door.bot_user}")
    if at := _date(door):
        yield _clock("clock of Slack", at, now)
    places = [
        await inspect(client, channels, destination)
        for destination in dict.fromkeys(destination for rule in rules for destination in rule.to)
    ]
    for finding in (*_scopes(door, rules), *(_place(place, door) for place in places)):
        yield finding
    if send:
        for place in places:
            if not place.trouble:
                yield _sent(place, await send_test(client, place, f"test/{place.channel}/{clock()}"))


def _clock(about: str, theirs: Instant, ours: Instant) -> Finding:
    off = abs(theirs - ours) / SECOND
    if off <= CLOCK_OFF:
        return Finding(Level.OK, about, "agrees with ours")
    words = f"differs from ours by {write_duration(off)}"
    return Finding(Level.NOTE, about, words, "let this machine keep its time by NTP")


def _date(door: Door) -> Instant | None:
    try:
        return instant(parsedate_to_datetime(door.date))
    except (ValueError, TypeError):
        return None


def _scopes(door: Door, rules: Sequence[Rule]) -> Iterator[Finding]:
    """The scopes that the configuration needs. Slack tells in a header which ones the token has; if it does not, the
    destinations will show.
    """
    if not door.scopes:
        yield Finding(Level.NOTE, "scopes", "Slack does not tell which scopes the bot token has")
        return
    destinations = [destination for rule in rules for destination in rule.to]
    needs = {"commands": "answers /jobs", "chat:write": "posts alerts"}
    if any(destination.startswith("#") for destination in destinations):
        needs["channels:read"] = "finds channels by their names"
    if any(destination.startswith("@") for destination in destinations):
        needs["im:write"] = "opens direct messages"
    for scope, does in needs.items():
        if scope not in door.scopes:
            remedy_ = f"add {scope} under “OAuth & Permissions” and install the app again"
            yield Finding(Level.WRONG, f"scope {scope}", f"is missing; with it the bot {does}", remedy_)
    wished = {
        "app_mentions:read": "answers when it is mentioned",
        "chat:write.public": "posts where it is not a member",
    }
    for scope, does in wished.items():
        if scope not in door.scopes:
            yield Finding(Level.NOTE, f"scope {scope}", f"is missing; with it the bot {does}")
    for scope, where in HISTORY.items():
        if scope not in door.scopes:
            words = f"is missing; without it a message may come twice in {where}, after a lost answer"
            yield Finding(Level.NOTE, f"scope {scope}", words, "install the app again with the scopes of manifest.yml")


def _place(place: Place, door: Door) -> Finding:
    about = f"destination {place.destination}"
    if place.trouble:
        return Finding(Level.WRONG, about, place.trouble, remedy(place.trouble))
    if place.unseen:
        words = f"whether the bot may post there is not known: {place.unseen}"
        return Finding(Level.NOTE, about, words, "try it with --send, or install the app again with that scope")
    if place.is_archived:
        return Finding(Level.WRONG, about, "is_archived", remedy("is_archived"))
    if place.is_direct or place.is_member:
        return Finding(Level.OK, about, f"is {place.channel}, and the bot may post there")
    if place.is_private or (door.scopes and "chat:write.public" not in door.scopes):
        return Finding(Level.WRONG, about, "not_in_channel", remedy("not_in_channel"))
    words = (
        f"is {place.channel}; the bot posts there without being a member, so that it cannot look for a message whose "
        "answer was lost"
    )
    return Finding(Level.NOTE, about, words, f"invite the bot to {place.destination}")


def _sent(place: Place, trouble: str) -> Finding:
    about = f"test message to {place.destination}"
    return Finding(Level.WRONG, about, trouble, remedy(trouble)) if trouble else Finding(Level.OK, about, "sent")
