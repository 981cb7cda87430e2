"""How fast the bot is, each figure beside a floor that was measured in the same run. `python -m benchmarks`."""
