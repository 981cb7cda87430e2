"""A stand-in for the world outside: a jobs API and a Slack workspace over real HTTP and WebSocket.
Imports nothing of the bot: a fake that shares our code shares our bugs.
"""
