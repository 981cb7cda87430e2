"""The nouns. Nothing in this folder reads a clock, draws chance or touches the world outside."""
