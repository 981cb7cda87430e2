"""jobsbot watches batch jobs through an API that can only be polled, and tells a team in Slack what it should know."""


class BotError(Exception):
    """An error that the operator can mend. Its text is one clear paragraph: what is wrong, and what to do."""
