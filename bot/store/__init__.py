"""What the bot remembers: named operations, domain values in and out. Only these operations own transactions."""
