"""Is everything that this bot needs there and allowed? Every finding names its remedy. Asks and reads only, but for
the test messages of `--send`.
"""

import os
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import StrEnum
from pathlib import Path

from slack_sdk.web.async_client import AsyncWebClient

from bot import BotError
from bot.core.alerts import Rule
from bot.core.faults import Fault
from bot.core.instants import SECOND, Instant, instant, write_duration
from bot.core.remedies import remedy
from bot.core.replies import Health
from bot.jobs_api.client import JobsApi
from bot.slack.channels import Channels
from bot.slack.doors import Door, knock
from bot.slack.places import Place, inspect, send_test
from bot.store.store import open_archive

CLOCK_OFF = 10  # seconds; timestamps of both worlds are compared with ours only roughly


NETWORK = "see that this machine reaches that address (proxy, firewall, DNS), and that the address is right"


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


async def check_store(path: Path) -> list[Finding]:
    """The state file, and the routes that are parked in it."""
    if missing := _missing(path):
        return [missing]
    try:
        async with open_archive(path) as archive:
            health = await archive.health()
    except BotError as error:
        return [Finding(Level.WRONG, "store", str(error))]
    jobs = sum(source.jobs for source in health.sources)
    return [Finding(Level.OK, "store", f"{path}, {jobs} jobs"), *_parked(health)]


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


async def check_source(api: JobsApi, now: Instant) -> AsyncIterator[Finding]:
    about = f"source {api.source}"
    told = await api.clock_and_total()
    if isinstance(told, Fault):
        yield Finding(Level.WRONG, about, str(told), "" if told.needs_operator else NETWORK)
        return
    at, total = told
    yield Finding(Level.OK, about, f"the job API lets the bot in and counts {total} jobs")
    yield _clock(f"clock of {about}", at, now)


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
                yield _sent(place, await send_test(client, place))


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
