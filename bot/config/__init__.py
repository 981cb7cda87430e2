"""bot.toml and the environment, as one frozen Config. Only what is named here is meant for the other folders."""

from bot.config.errors import ConfigError, Mistake, nearest, shown
from bot.config.file import Poll, Server, StoreSettings
from bot.config.loading import Config, Need, SlackSettings, Source, find, load
from bot.config.schema import SETTINGS, Setting, schema
from bot.config.secrets import VARIABLES, Secret, Variable
from bot.config.values import Listen, Mode

__all__ = [
    "SETTINGS",
    "VARIABLES",
    "Config",
    "ConfigError",
    "Listen",
    "Mistake",
    "Mode",
    "Need",
    "Poll",
    "Secret",
    "Server",
    "Setting",
    "SlackSettings",
    "Source",
    "StoreSettings",
    "Variable",
    "find",
    "load",
    "nearest",
    "schema",
    "shown",
]
