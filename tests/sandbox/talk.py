"""What a test says in the simulated workspace, as the bot would: with the metadata of a message of its own."""

from slack_sdk.web.async_client import AsyncWebClient

METADATA = {"event_type": "jobsbot_message", "event_payload": {"key": "k1"}}


async def say(client: AsyncWebClient, text: str, thread: str | None = None, *, broadcast: bool = False) -> str:
    answer = await client.chat_postMessage(
        channel="ml-alerts", text=text, metadata=METADATA, thread_ts=thread, reply_broadcast=broadcast
    )
    return str(answer["ts"])
