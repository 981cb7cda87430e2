"""What every card must be: a plain fold over the changes, look by look, that shares no line with the board but the
words. It says for each change on which card it belongs, and finds fault with whatever the bot composed instead.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.core.alerts import Rule
from bot.core.cards import Entry, Face, Likeness
from bot.core.changes import Change, ChangeKind
from bot.core.instants import Instant, length
from bot.core.jobs import FINAL
from bot.core.likeness import Seen, likeness
from bot.core.messages import About, Message, Opening, ThreadReply
from tests.samples import DAY, MINUTE

FAILED = frozenset({"failed", "incomplete"})
IN_TROUBLE = FAILED | {"overdue", "thrashing", "vanished"}


@dataclass(slots=True)
class Line:
    """A job on a card."""

    entry: Entry
    likeness: str
    ended: Instant | None

    @property
    def fails(self) -> bool:
        return self.entry.kind in FAILED

    def lacks(self, failure: Change) -> bool:
        """Whether it stands so because of this failure, or of what followed it, and nobody has said why it failed."""
        error_of_now = self.entry.kind in FAILED | {"cancelled"} or self.entry.error
        return self.entry.change_key == failure.key or (self.entry.at >= (failure.at or 0) and not error_of_now)


@dataclass(slots=True, kw_only=True)
class Story:
    """One card. `group` is None for the one that the rest shares; `steps` and `newcomers` are of the latest look."""

    place: str
    rule: Rule
    group: tuple[str, ...] | None
    until: Instant
    closes: Instant
    since: Instant
    touched: Instant
    opened: Instant
    key: str = ""
    lines: dict[str, Line] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)  # changes, oldest first
    stepped: list[str] = field(default_factory=list)  # those of them that are steps
    replies: set[str] = field(default_factory=set)  # keys of messages
    opening: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)
    newcomers: list[str] = field(default_factory=list)
    aloud: set[str] = field(default_factory=set)  # changes that the channel is told too
    ringing: set[str] = field(default_factory=set)  # changes that ring
    rung: tuple[str, ...] = ()  # whom any of its messages rang
    first_rung: tuple[str, ...] = ()  # whom the first did
    loud: Instant | None = None
    moved: set[str] = field(default_factory=set)  # changes that waited to be told, and are told with what followed
    is_lost: bool = False  # Slack does not take it

    def is_opened_by(self, job: str) -> bool:
        """Whether it is just being opened by what became of the job last."""
        return not self.key and self.opening[-1:] == [self.lines[job].entry.change_key]

    @property
    def messages(self) -> set[str]:
        """Their keys, but for those that took the place of the first post."""
        return {self.key, *self.replies}

    def face(self, rung: tuple[str, ...], seen: Callable[[str, Instant], Seen | None]) -> Face:
        """Drawn from scratch. Errors of a likeness were `seen` so often before a time."""
        newest = sorted(self.lines.values(), key=lambda line: (line.entry.at, line.entry.job_id), reverse=True)
        named = sorted((line.entry for line in newest), key=lambda entry: entry.kind not in IN_TROUBLE)
        return Face(
            card=self.key,
            rule=self.rule.name,
            label=self.group or (),
            since=self.since,
            entries=tuple(named[:10]),
            counts=dict(sorted(Counter(line.entry.kind for line in newest).items())),
            jobs=len(newest),
            with_error=sum(line.entry.error != "" for line in newest),
            likenesses=tuple(self._alike(seen)),
            mentions=rung,
        )

    def _alike(self, seen: Callable[[str, Instant], Seen | None]) -> Iterator[Likeness]:
        errors: dict[str, list[str]] = {}
        for line in self.lines.values():
            if line.likeness:
                errors.setdefault(line.likeness, []).append(line.entry.error)
        for kind, alike in sorted(errors.items(), key=lambda each: (-len(each[1]), each[0]))[:3]:
            yield Likeness(min(alike), len(alike), seen(kind, self.opened))


@dataclass(slots=True)
class Book:
    rules: Sequence[Rule]
    stories: list[Story] = field(default_factory=list)
    carried: dict[str, tuple[str, ...]] = field(default_factory=dict)  # key of a message → keys of its changes
    _following: dict[tuple[str, str], Story] = field(default_factory=dict)
    _told: set[tuple[str, str]] = field(default_factory=set)
    _failures: dict[str, tuple[str, str, Instant]] = field(default_factory=dict)  # likeness, pipeline, when seen

    def look(
        self, changes: Sequence[Change], messages: Iterable[Message], dropped: Iterable[str], now: Instant
    ) -> None:
        """AssertionError if these messages are not what the changes call for."""
        before = len(self.stories)
        for story in self.stories:
            story.steps, story.newcomers = [], []
        for change in changes:
            for place in dict.fromkeys(place for rule in self.rules for place in rule.to):
                if not change.old and (place, change.key) not in self._told:
                    self._take(change, place, now)
        for story in self.stories[before:]:
            story.first_rung = story.rung
        for change in changes:
            alike = likeness(change.job.error) if change.kind is ChangeKind.FAILED else ""
            self._failures.setdefault(change.key, (alike, change.job.pipeline_key, now))
        self._compare(self.stories[before:], list(messages))
        for key in dropped:
            assert self._carried_by(key) <= {change for story in self.stories for change in story.moved}
            del self.carried[key]
            for story in self.stories:
                story.replies.discard(key)

    def explain(self, change: Change, reason: str, now: Instant) -> None:
        """A failure turns out to have this reason."""
        _, pipeline, at = self._failures[change.key]
        self._failures[change.key] = (likeness(reason), pipeline, at)
        for story in self.stories:
            line = story.lines.get(change.job.id)
            if line and not story.is_lost and line.lacks(change):
                line.entry, line.likeness = replace(line.entry, error=reason), likeness(reason)
                story.touched = now

    def lose(self, key: str) -> None:
        """Slack does not take the card: it follows nothing, and nobody joins it."""
        story = self.of(key)
        story.is_lost, story.until = True, 0
        self._following = {job: other for job, other in self._following.items() if other is not story}

    def of(self, key: str) -> Story:
        return next(story for story in self.stories if story.key == key)

    def rings(self, key: str) -> bool | None:
        """Whether this message rings somebody: an opening does, and what tells that it gets worse; None if that may
        have moved to another message.
        """
        opens = any(story.first_rung for story in self.stories if story.key == key)
        return True if opens else self._is_among(key, lambda story: story.ringing)

    def is_aloud(self, key: str) -> bool | None:
        """Whether the channel is shown this reply; None if that may have moved."""
        return self._is_among(key, lambda story: story.aloud)

    def _is_among(self, key: str, those: Callable[[Story], set[str]]) -> bool | None:
        story = next((story for story in self.stories if key in story.replies), None)
        if story is None:
            return False
        return None if those(story) & story.moved else bool(those(story) & self._carried_by(key))

    def _carried_by(self, key: str) -> set[str]:
        return set(self.carried[key])

    def _take(self, change: Change, place: str, now: Instant) -> None:
        story = self._following.get((place, change.job.id))
        ended = story.lines[change.job.id].ended if story else None
        rule = next((rule for rule in self.rules if change.kind in rule.on), None)
        asking = rule if rule and place in rule.to else None
        if story and (ended is None or now - ended <= DAY):
            self._step(change, story, asking, now)
        elif asking:
            self._alert(change, self._story_for(change, place, asking, now), asking, now)

    def _step(self, change: Change, story: Story, asking: Rule | None, now: Instant) -> None:
        joins = story.lines[change.job.id].entry.change_key in story.newcomers
        better = not any(line.fails for line in story.lines.values()) if joins else not story.lines[change.job.id].fails
        worse = change.kind in FAILED and better and (asking is not None or not joins)
        self._call(change, story, asking.mention if asking else (), now, worse=worse)
        if joins:
            story.newcomers.append(change.key)
        elif change.kind in {ChangeKind.RECOVERED, ChangeKind.INCOMPLETE} and story.is_opened_by(change.job.id):
            story.opening.append(change.key)
        else:
            story.steps.append(change.key)
            story.stepped.append(change.key)
        self._seat(change, story, now)

    def _alert(self, change: Change, story: Story, rule: Rule, now: Instant) -> None:
        worse = change.kind in FAILED and not any(line.fails for line in story.lines.values())
        more = len(story.lines) + 1 in {10, 100, 1000}
        self._call(change, story, rule.mention, now, worse=worse, more=more)
        (story.newcomers if story.key else story.opening).append(change.key)
        self._seat(change, story, now)
        story.until = min(now + length(story.rule.group_window), story.closes)
        story.since = min(story.since, story.lines[change.job.id].entry.at)

    def _call(
        self, change: Change, story: Story, mentions: Sequence[str], now: Instant, *, worse: bool, more: bool = False
    ) -> None:
        """An opening rings all; later all are rung when it gets worse, and else those whom nothing has rung yet."""
        late = [mention for mention in mentions if mention not in story.rung]
        story.rung += tuple(late)
        if not story.key:
            return
        if more or (worse and (len(story.lines) == 1 or story.loud is None or now - story.loud >= MINUTE)):
            story.loud = now
            story.aloud.add(change.key)
            story.ringing |= {change.key} if story.rung else set()
        elif late:
            story.aloud.add(change.key)
            story.ringing.add(change.key)

    def _seat(self, change: Change, story: Story, now: Instant) -> None:
        job, before = change.job, story.lines.get(change.job.id)
        last = before.entry.error if before and change.kind not in FAILED | {"cancelled"} else ""
        entry = Entry(
            change_key=change.key,
            kind=change.kind.value,
            inferred=change.inferred,
            source=job.source,
            job_id=job.id,
            name=job.name,
            pipeline=job.pipeline_key,
            at=_when(change, now),
            error=job.error or last,
            tries=change.retry_count + 1,
            detail=change.detail,
        )
        ends = change.status in FINAL or change.kind is ChangeKind.VANISHED
        story.lines[job.id] = Line(entry, likeness(entry.error), now if ends else None)
        story.touched = now
        self._following[story.place, job.id] = story
        self._told.add((story.place, change.key))
        story.told.append(change.key)

    def _story_for(self, change: Change, place: str, rule: Rule, now: Instant) -> Story:
        group = (change.job.pipeline_key,) if rule.group_by else ()
        taking = [s for s in self.stories if (s.place, s.rule) == (place, rule) and (now < s.until or not s.key)]
        taking = [story for story in taking if not story.is_lost]
        if own := [story for story in taking if story.group == group]:
            return own[0]
        full = len([story for story in taking if story.group is not None]) >= 5
        if full and (shared := [story for story in taking if story.group is None]):
            return shared[0]
        assert len(taking) < 6
        since, closes = _when(change, now), now + length(rule.group_max)
        named = None if full else group
        story = Story(
            place=place, rule=rule, group=named, until=now, closes=closes, since=since, touched=now, opened=now
        )
        self.stories.append(story)
        return story

    def seen(self, kind: str, opened: Instant) -> Seen | None:
        """How often such errors came up before a card was opened."""
        before = [(pipeline, at) for alike, pipeline, at in self._failures.values() if alike == kind and at < opened]
        pipelines = {pipeline for pipeline, _ in before}
        return Seen(len(before), len(pipelines), min(at for _, at in before)) if before else None

    def _compare(self, opened: Sequence[Story], messages: Sequence[Message]) -> None:
        openings = {(m.destination, m.tells): m.key for m in messages if isinstance(m, Opening)}
        assert openings.keys() == {(story.place, tuple(story.opening)) for story in opened}
        for story in opened:
            story.key = openings[story.place, tuple(story.opening)]
            self.carried[story.key] = tuple(story.opening)
        replies = {(m.card, m.about): m for m in messages if isinstance(m, ThreadReply)}
        stepped = {(story.key, About.STEPS): story.steps for story in self.stories if story.steps}
        joined = {(story.key, About.NEWCOMERS): story.newcomers for story in self.stories if story.newcomers}
        amended = {where for where in replies if where[1] is About.NEWCOMERS}
        assert replies.keys() - amended == stepped.keys()
        replies = dict(sorted(replies.items(), key=lambda each: each[0][1], reverse=True))  # steps take from newcomers
        for where, reply in replies.items():
            story, told = self.of(reply.card), (stepped | joined).get(where, [])
            before = [*self.carried.get(reply.key, ()), *told]
            self._move(story, reply, before)
            assert [change for change in reply.tells if change in before] == [
                change for change in before if change not in story.moved
            ]
            self.carried[reply.key] = reply.tells
            story.replies.add(reply.key)
        for where, told in joined.items():
            assert where in replies or set(told) <= self.of(where[0]).moved

    def _move(self, story: Story, reply: ThreadReply, own: Sequence[str]) -> None:
        """What a step's reply tells beside its own is that its jobs joined, which nobody had been told."""
        if reply.about is not About.STEPS:
            return
        joined = [change for change in reply.tells if change not in own]
        jobs = {change.split("/")[1] for change in own}
        assert all(change in story.told and change not in story.stepped for change in joined)
        assert {change.split("/")[1] for change in joined} <= jobs
        story.moved.update(joined)


def _when(change: Change, now: Instant) -> Instant:
    created = change.job.created_at if change.kind is ChangeKind.APPEARED else None
    return change.at if change.at is not None else created or change.job.updated_at or now
