"""Slack: what comes in, what people see, and what goes out."""
