"""The response_urls of gestures: each takes five posts within thirty minutes, wherever the bot may otherwise post.
It changes the workspace's messages and notes the answers; the HTTP around it is the server's.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.sandbox.blocks import form_problems
from bot.sandbox.slack_exchange import Exchange
from bot.sandbox.slack_gestures import Origin
from bot.sandbox.slack_model import Message
from bot.sandbox.slack_state import SlackState
from bot.sandbox.slack_wire import Refused, Wire

USES_MAX = 5
LIFETIME_SECONDS = 30 * 60


@dataclass(slots=True)
class ResponseUrl:
    """`original` is the message whose button was pressed; a command has none."""

    exchange: Exchange
    origin: Origin
    original: Message | None
    issued: float
    uses: int = 0


class ResponseUrls:
    def __init__(self, state: SlackState) -> None:
        self.state = state
        self._issued: dict[str, ResponseUrl] = {}

    def issue(self, exchange: Exchange, origin: Origin, original: Message | None) -> str:
        token = self.state.new_id("response")
        self._issued[token] = ResponseUrl(exchange, origin, original, self.state.now())
        return token

    def receive(self, token: str, body: Wire) -> None:
        """A post to the URL: Refused if it is spent or the post is not fit to be shown."""
        known = self._issued.get(token)
        if known is None:
            raise Refused("invalid_url")
        known.uses += 1
        if known.uses > USES_MAX or self.state.now() - known.issued > LIFETIME_SECONDS:
            raise Refused("expired_url")
        self._show(known, body)

    def receive_ack(self, token: str, body: Wire) -> None:
        """What came in the acknowledgement of a command itself: shown like an answer, or lost if it is unfit."""
        if not (body.get("text") or body.get("blocks")):
            return
        try:
            self._show(self._issued[token], body)
        except Refused as refused:
            self._issued[token].exchange.ack_body = refused.body()

    def _show(self, known: ResponseUrl, body: Wire) -> None:
        blocks = body.get("blocks") or []
        if form_problems(blocks):
            raise Refused("invalid_blocks")
        if body.get("delete_original") and known.original is not None:
            self.state.delete(known.original)
            if not (body.get("text") or blocks):
                known.exchange.note_answer(body)
                return
        if not (body.get("text") or blocks or body.get("attachments")):
            raise Refused("no_text")
        message = self._place(known, body)
        known.exchange.note_answer({**body, "ts": message.ts, "channel": message.channel, "blocks": message.blocks})

    def _place(self, known: ResponseUrl, body: Wire) -> Message:
        text, blocks = str(body.get("text") or ""), body.get("blocks") or []
        original = known.original
        if body.get("replace_original") and original is not None and not original.deleted:
            self.state.edit(original, text=text, blocks=blocks, args=body)
            return original
        user, channel = known.origin
        seen_by_all = body.get("response_type") == "in_channel"
        message = Message(
            ts=self.state.next_ts(),
            channel=channel.id,
            text=text,
            user=self.state.bot_user_id,
            blocks=blocks,
            metadata=body.get("metadata"),
            thread_ts=body.get("thread_ts"),
            args=body,
            ephemeral_for=None if seen_by_all else user.id,
        )
        return self.state.post(channel, message)


def answer_in(body: Wire | str | None) -> Wire:
    """An acknowledgement's body as an answer; plain text is one too."""
    if isinstance(body, str):
        return {"text": body}
    return body if isinstance(body, Mapping) else {}
