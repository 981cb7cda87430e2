"""The job API: bytes in, listings and faults out. No other folder knows its URLs or its JSON."""
