"""What each spelling of a question means, by the grammar of `/jobs`. One table for each of its promises."""

from datetime import timedelta

import pytest

from bot.core.commands import (
    Command,
    ListJobs,
    Question,
    Share,
    ShowHealth,
    ShowHelp,
    ShowJob,
    ShowOverview,
    jobs_of_card,
)
from bot.core.grammar import parse
from bot.core.jobs import Field, Filter, JobQuery, View
from bot.core.tokens import addressed, joined

_ID = "job_2w2ykhs5a49qwszbdqj1sr636n"


def _failed(*filters: Filter, words: tuple[str, ...] = ()) -> ListJobs:
    return ListJobs(JobQuery(view=View.FAILED, filters=filters, words=words))


@pytest.mark.parametrize("view", View)
def test_every_view_is_understood_by_its_name(view: View) -> None:
    assert parse(view.value) == ListJobs(JobQuery(view=view))


@pytest.mark.parametrize(
    ("text", "view", "reason"),
    [
        ("FAILED", View.FAILED, "upper case"),
        ("Failed", View.FAILED, "a telephone begins with a capital"),
        ("fail", View.FAILED, "the verb"),
        ("fails", View.FAILED, "the verb, third person"),
        ("failure", View.FAILED, "the noun"),
        ("failures", View.FAILED, "the noun's plural"),
        ("failed?", View.FAILED, "asked as a question"),
        ("run", View.RUNNING, "the verb"),
        ("runs", View.RUNNING, "the plural"),
        ("queued", View.PENDING, "another word"),
        ("admit", View.ADMITTED, "the verb"),
        ("done", View.COMPLETED, "another word"),
        ("finished", View.COMPLETED, "another word"),
        ("succeeded", View.COMPLETED, "another word"),
        ("completions", View.COMPLETED, "the noun's plural"),
        ("canceled", View.CANCELLED, "one l"),
        ("cancellations", View.CANCELLED, "the noun's plural"),
        ("preempt", View.PREEMPTED, "the verb"),
        ("pre-empted", View.PREEMPTED, "with a hyphen"),
        ("live", View.ACTIVE, "another word"),
        ("actives", View.ACTIVE, "a plural"),
        ("everything", View.ALL, "another word"),
    ],
)
def test_a_view_is_understood_in_other_words(text: str, view: View, reason: str) -> None:
    assert parse(text) == ListJobs(JobQuery(view=view)), reason


@pytest.mark.parametrize(
    ("text", "command", "reason"),
    [
        ("", ShowOverview(), "nothing after /jobs"),
        (" \n\t\u00a0\u200b", ShowOverview(), "nothing that can be seen"),
        ("health", ShowHealth(), "by its name"),
        ("HEALTH", ShowHealth(), "upper case"),
        ("help", ShowHelp(), "by its name"),
        ("?", ShowHelp(), "as people ask for it"),
        ("--help", ShowHelp(), "as a terminal's user asks for it"),
        ("help me, please!", ShowHelp(), "with more words"),
        (f"show {_ID}", ShowJob(_ID), "an id"),
        ("show job_2w2", ShowJob("job_2w2"), "the beginning of an id"),
        (_ID, ShowJob(_ID), "an id alone"),
        ("show nightly-7", ShowJob("nightly-7"), "a name"),
        ("SHOW Nightly-7", ShowJob("Nightly-7"), "the case of a name is kept"),
        ("show nightly   run", ShowJob("nightly run"), "a name with a space needs no quotes"),
        ('show "nightly  run"', ShowJob("nightly  run"), "quotes keep every space"),
        ("show “nightly run”", ShowJob("nightly run"), "curly quotes"),
        ("show ann's run", ShowJob("ann's run"), "an apostrophe is no quote"),
        ('show 5" disk', ShowJob('5" disk'), "a mark in the middle of a name is no quote"),
        ("show failed", ShowJob("failed"), "a name that is also a view"),
        ("show name:x", ShowJob("name:x"), "a name that is also a filter"),
    ],
)
def test_what_is_no_list_is_understood(text: str, command: Question, reason: str) -> None:
    assert parse(text) == command, reason


@pytest.mark.parametrize(
    ("text", "found", "reason"),
    [
        ("pipeline:machine-*", Filter(Field.PIPELINE, "machine-*"), "a glob"),
        ("type:training", Filter(Field.TYPE, "training"), "a whole value"),
        ("name:nightly-*", Filter(Field.NAME, "nightly-*"), "a glob"),
        ("source:prod", Filter(Field.SOURCE, "prod"), "a source"),
        ("-type:training", Filter(Field.TYPE, "training", negated=True), "negated"),
        ("–type:training", Filter(Field.TYPE, "training", negated=True), "a dash that was made longer"),  # noqa: RUF001
        ("PIPELINE:Machine", Filter(Field.PIPELINE, "Machine"), "the key in any case, the value as it is"),
        ("pipelines:x", Filter(Field.PIPELINE, "x"), "the plural"),
        ("name:a:b", Filter(Field.NAME, "a:b"), "a colon in the value"),
        ('name:"nightly run"', Filter(Field.NAME, "nightly run"), "straight quotes"),
        ("name:'nightly run'", Filter(Field.NAME, "nightly run"), "single quotes"),
        ("name:“nightly run”", Filter(Field.NAME, "nightly run"), "curly quotes"),
        ("name:‘nightly run’", Filter(Field.NAME, "nightly run"), "single curly quotes"),  # noqa: RUF001
        ("name:„nightly run“", Filter(Field.NAME, "nightly run"), "quotes as Germans write them"),
        ("name:”nightly run”", Filter(Field.NAME, "nightly run"), "quotes as Swedes write them"),
        ("name:«nightly run»", Filter(Field.NAME, "nightly run"), "quotes as Frenchmen write them"),
        ('name:“nightly run"', Filter(Field.NAME, "nightly run"), "a pair that an editor mixed"),
        ("name:‘ann’s run’", Filter(Field.NAME, "ann’s run"), "an apostrophe inside of single quotes"),  # noqa: RUF001
        ('name:"nightly run"-*', Filter(Field.NAME, "nightly run-*"), "a glob goes on behind its quotes"),
        ('-name:"nightly run"', Filter(Field.NAME, "nightly run", negated=True), "negated and quoted"),
    ],
)
def test_a_filter_is_understood(text: str, found: Filter, reason: str) -> None:
    assert parse(f"failed {text}") == _failed(found), reason
    assert parse(text) == ListJobs(JobQuery(view=View.ALL, filters=(found,))), "without a view, all jobs are meant"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("card:3f2a91c05b7e4d6688a1c2d3e4f50617", "3f2a91c05b7e4d6688a1c2d3e4f50617"),
        ("all card:3f2a", "3f2a"),
        ("Cards:3F2A91C0", "3f2a91c0"),
        ("card:0000 card:“3f2a”", "3f2a"),
    ],
)
def test_the_jobs_of_a_card_are_asked_for_by_its_key_or_the_beginning_of_it(text: str, key: str) -> None:
    assert parse(text) == jobs_of_card(key) == ListJobs(JobQuery(view=View.ALL, card=key))


@pytest.mark.parametrize(
    ("text", "words", "reason"),
    [
        ("oom", ("oom",), "a word"),
        ("cuda oom", ("cuda", "oom"), "each word must occur"),
        ('"out of memory" gpu', ("out of memory", "gpu"), "a phrase is one word"),
        ('""', (), "an empty phrase asks for nothing"),
        ("RuntimeError: oom", ("RuntimeError:", "oom"), "a colon without a value makes no filter"),
        ('"error:oom"', ("error:oom",), "in quotes, a colon makes no filter"),
        ("file:///a s3://b/c", ("file:///a", "s3://b/c"), "addresses"),
        ("https://x.example/a", ("https://x.example/a",), "an address"),
        ("12:30", ("12:30",), "a time"),
        ('"name:x"', ("name:x",), "in quotes, a filter is a word"),
        ("-9", ("-9",), "a dash before a word is part of it"),
        ("can't", ("can't",), "an apostrophe"),
        ("'tis", ("'tis",), "an apostrophe in front"),
    ],
)
def test_words_are_kept_as_they_are(text: str, words: tuple[str, ...], reason: str) -> None:
    assert parse(f"failed {text}") == _failed(words=words), reason


def test_filters_and_words_may_come_in_any_order() -> None:
    text = 'running gpu pipeline:a* since:1h30m "b c" -pipeline:ab* limit:50 pipeline:z page:3'
    filters = (Filter(Field.PIPELINE, "a*"), Filter(Field.PIPELINE, "ab*", negated=True), Filter(Field.PIPELINE, "z"))
    since = timedelta(hours=1, minutes=30)
    query = JobQuery(view=View.RUNNING, filters=filters, words=("gpu", "b c"), since=since, limit=50, page=3)
    assert parse(text) == ListJobs(query)


def test_the_last_of_several_lengths_limits_and_pages_counts() -> None:
    query = JobQuery(view=View.ALL, since=timedelta(days=7), limit=5, page=2)
    assert parse("since:24h limit:9 page:1 since:7d limit:5 page:2") == ListJobs(query)


@pytest.mark.parametrize(
    ("text", "command", "reason"),
    [
        ("/jobs failed", _failed(), "the command's own name"),
        ("jobs failed", _failed(), "the same without its slash"),
        ("<@U0BOT> failed", _failed(), "a mention of the bot"),
        ("<@U0BOT|jobsbot>: failed", _failed(), "a mention with a label and a colon"),
        ("@jobsbot failed", _failed(), "a mention that Slack has not escaped"),
        ("<@U0BOT>", ShowOverview(), "a mention alone"),
        ("failed a&lt;b", _failed(words=("a<b",)), "less than"),
        ("failed a&gt;b", _failed(words=("a>b",)), "greater than"),
        ("failed R&amp;D", _failed(words=("R&D",)), "an ampersand"),
        ("failed &amp;lt;", _failed(words=("&lt;",)), "escaped once, so read once"),
        ("failed <#C123|ml-alerts>", _failed(words=("ml-alerts",)), "a channel"),
        ("failed <#C123|>", _failed(words=("C123",)), "a private channel has no name"),
        ("failed <#C123>", _failed(words=("C123",)), "a channel without a label"),
        ("failed <@U123|ann>", _failed(words=("ann",)), "a person"),
        ("failed <@U123>", _failed(words=("U123",)), "a person without a label"),
        ("failed <https://x.example/a|x>", _failed(words=("x",)), "a link with its text"),
        ("failed <https://x.example/?a=1&amp;b>", _failed(words=("https://x.example/?a=1&b",)), "a bare link"),
        ("failed name:<http://a.io|a.io>", _failed(Filter(Field.NAME, "a.io")), "a name taken for a link"),
        ("show <http://a.io|a.io> run", ShowJob("a.io run"), "a name taken for a link"),
        ("failed\u00a0gpu", _failed(words=("gpu",)), "a non-breaking space"),
        ("\ufefffai\u200bled\u2060 gpu\u200d", _failed(words=("gpu",)), "characters without width"),
        ("failed\ngpu", _failed(words=("gpu",)), "a line break"),
        ("failed \ud800gpu\x00", _failed(words=("gpu",)), "what no database takes"),
        ("failed \U0001f469\u200d\U0001f680", _failed(words=("\U0001f469\u200d\U0001f680",)), "one emoji of two"),
    ],
)
def test_what_slack_and_keyboards_add_is_taken_away(text: str, command: Command, reason: str) -> None:
    assert parse(text) == command, reason


@pytest.mark.parametrize(
    ("text", "command", "reason"),
    [
        ("<@U0BOT> failed gpu", _failed(words=("gpu",)), "in front"),
        ("<@U0BOT|jobsbot>, failed", _failed(), "with a label and a comma"),
        ("hey <@U0BOT> failed please", _failed(), "in the middle, and politely"),
        ("morning all, <@U0BOT>: failed, please!", _failed(), "after a greeting"),
        ("failed <@U0BOT>", _failed(), "behind the question"),
        ("failed gpu <@U0BOT>?", _failed(words=("gpu",)), "behind it, with a question mark"),
        ("<@U0BOT> failed <@U0BOT>", _failed(), "twice"),
        ("<@U0ANN> <@U0BOT> failed", _failed(), "after another person"),
        ("<@U0BOT> failed <@U0ANN|ann>", _failed(words=("ann",)), "another person is a word"),
        ("<@U0BOT>", ShowOverview(), "alone"),
        ("<@U0BOT> ?", ShowHelp(), "with a question mark alone"),
        ("<@U0BOTHER> failed", _failed(), "another one, whose id begins like the bot's"),
    ],
)
def test_a_mention_may_stand_anywhere(text: str, command: Command, reason: str) -> None:
    assert parse(addressed(text, "U0BOT")) == command, reason


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("share failed gpu", Share(_failed(words=("gpu",)))),
        ("Share show nightly run", Share(ShowJob("nightly run"))),
        ("share", Share(ShowOverview())),
        ("share share health", Share(ShowHealth())),
        ("/jobs share help", Share(ShowHelp())),
    ],
)
def test_any_question_can_be_shared(text: str, command: Command) -> None:
    assert parse(text) == command


@pytest.mark.parametrize(
    ("arguments", "command", "reason"),
    [
        ((), ShowOverview(), "no argument"),
        (("failed", "gpu"), _failed(words=("gpu",)), "words"),
        (("failed gpu",), _failed(words=("gpu",)), "all in one argument"),
        (("failed", "out of memory"), _failed(words=("out of memory",)), "a phrase whose quotes the shell took"),
        (("failed", "-name:nightly run"), _failed(Filter(Field.NAME, "nightly run", negated=True)), "a quoted filter"),
        (("failed", 'name:"nightly run"'), _failed(Filter(Field.NAME, "nightly run")), "quotes inside of quotes"),
        (("failed", "ended: no disk"), _failed(words=("ended: no disk",)), "a phrase with a colon"),
        (("show", "nightly  run"), ShowJob("nightly  run"), "a name"),
    ],
)
def test_what_a_shell_has_split_is_understood(arguments: tuple[str, ...], command: Question, reason: str) -> None:
    assert parse(joined(arguments)) == command, reason
