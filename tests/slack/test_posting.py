"""What the bot shows as the content of a post is what Slack gets."""

from slack_sdk.web.async_client import AsyncWebClient

from bot.sandbox.slack_server import SlackServer
from bot.slack.faces import render_face
from bot.slack.posting import Spot, payload, post
from tests.slack.render_samples import FACES


async def test_a_post_holds_its_payload_and_nothing_else(slack: SlackServer, client: AsyncWebClient) -> None:
    rendered = render_face(FACES["card_group_3"])
    spot = Spot(slack.state.channel("ml-alerts").id)
    await post(client, spot, "k", rendered, lambda: "")
    (call,) = [call for call in slack.state.calls if call.method == "chat.postMessage"]
    assert call.args == {name: value for name, value in payload(spot, "k", rendered).items() if value is not None}
