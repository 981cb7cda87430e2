"""`check` as a command: opens what the checks ask, runs all of them and gives their findings in order."""

from contextlib import AsyncExitStack

from rich.console import Console
from rich.text import Text

from bot.app import secret, slack_client, slack_session
from bot.check import Finding, Level, check_listen, check_rules, check_slack, check_source, check_store
from bot.clock import now
from bot.config import Config, Mode
from bot.jobs_api.client import connect

_STYLES = {Level.OK: "green", Level.NOTE: "yellow", Level.WRONG: "bold red"}


async def run_check(config: Config, *, send: bool) -> list[Finding]:
    async with AsyncExitStack() as stack:
        client = slack_client(config, await stack.enter_async_context(slack_session()))
        findings, organisations = await check_store(config.store.path, config.source_names)
        findings += check_rules(config.rules, config.source_names)
        if listen := config.server.listen:
            findings.append(await check_listen(listen.host, listen.port, config.store.path))
        for source in config.sources:
            key = secret(source.key)
            api = await stack.enter_async_context(
                connect(source.name, source.endpoint, key, page_size=config.poll.page_size, clock=now)
            )
            known = organisations.get(source.name, "")
            findings += [finding async for finding in check_source(api, known, now())]
        app_token = secret(config.slack.app_token) if config.slack.mode is Mode.SOCKET else None
        findings += [finding async for finding in check_slack(client, app_token, config.rules, now, send=send)]
    return findings


def print_findings(findings: list[Finding], console: Console) -> None:
    for finding in findings:
        line = Text.assemble(
            (f"{finding.level:<6}", _STYLES[finding.level]), (finding.about, "bold"), f": {finding.words}"
        )
        if finding.remedy:
            line.append(f"\n      → {finding.remedy}")
        console.print(line, soft_wrap=True)
    wrong = sum(finding.is_wrong for finding in findings)
    console.print(
        f"{wrong} things are wrong." if wrong > 1 else "1 thing is wrong." if wrong else "The bot would work."
    )
