"""Which cards are wrong: a card must show what is drawn from the jobs as they truly ended, and a reply must stand below
the card of its jobs.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tests.guarantees.judging import Judgement, Place, Said

Look: TypeAlias = tuple[str, str]  # the text for notifications, and what people read


@dataclass(frozen=True, slots=True)
class Drawn:
    """A card as it has to look: in one of the `looks`, for Slack may have refused its form; in one of the looks
    `anew` if it had to be posted again, which rings nobody. `jobs` are those whose story it tells.
    """

    place: Place
    looks: frozenset[Look]
    anew: frozenset[Look]
    jobs: frozenset[str]

    def is_shown_by(self, card: Said, deleted: Container[Place]) -> bool:
        looks = self.looks | self.anew if card.place in deleted else self.looks
        return card.place == self.place and (card.fallback, card.shows) in looks


def judge_cards(said: Sequence[Said], drawn: Sequence[Drawn]) -> Judgement:
    """One that is missing and one that nobody would draw are two that are wrong, unless one stands for the other."""
    missing = list(drawn)
    posts = {(post.place, post.ts): post for post in said if post.thread is None}
    deleted = {post.place for post in posts.values() if post.deleted}
    strange, tells = 0, dict[tuple[Place, str], frozenset[str]]()
    for place, post in ((place, post) for place, post in posts.items() if post.is_card):
        card = next((card for card in missing if card.is_shown_by(post, deleted)), None)
        strange += card is None
        if card:
            missing.remove(card)
            tells[place] = card.jobs
    jobs = frozenset[str]().union(*(card.jobs for card in drawn))
    astray = sum(_is_astray(each, posts, tells.get((each.place, each.thread or ""), jobs), jobs) for each in said)
    return Judgement(cards=len(drawn), wrong=max(strange, len(missing)) + astray)


def _is_astray(reply: Said, posts: Iterable[object], own: frozenset[str], jobs: frozenset[str]) -> bool:
    """Whether it is below nothing that is there, or tells of jobs that are not on its card."""
    if reply.thread is None:
        return False
    return (reply.place, reply.thread) not in posts or any(job in reply.text for job in jobs - own)
