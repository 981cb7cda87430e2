// Draws what the bot says in Slack: of each golden message a picture, for people to judge.
// It decides nothing, and a picture whose golden is as it was stays as it is.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { mock } from "node:test";
import { chromium } from "playwright-core";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import sharp from "sharp";
import { Message } from "slack-blocks-to-jsx";

const READ_AT = new Date("2026-11-23T10:42:30Z"); // the samples' now, so that "today" stays today
const WIDTH = 680; // of the pane; only a table may be wider
const SCALES = [2, 1]; // the sharp one, unless the picture would be larger than this
const SHARP_UP_TO = 60_000; // bytes
const SENDER = { name: "jobsbot", logo: "logo.svg", theme: "light", time: READ_AT };
const PEOPLE = { users: [{ id: "U0123456", name: "Ada" }], user_groups: [{ id: "S0123456", name: "on-call" }] };
const BROWSER = { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--disable-quic"] };
const HEAD = `# What the bot says in Slack

Drawn by \`tests/pictures/draw.mjs\` from the messages that the tests hold, \`tests/slack/golden\`; do not edit. Times are
in UTC here, and in the reader's own zone in Slack. A table that is wider than the pane is shown whole, where Slack
scrolls; of what is very long the top is shown.
`;

const here = (relative) => new URL(relative, import.meta.url);
const picture = (name) => here(`../../docs/pictures/${name}`);
const digest = (text) => createHash("sha256").update(text).digest("hex");

/** In plain text Slack parses nothing, but the renderer does: its punctuation goes past it under other names. */
const veil = (text) => text.replace(/[!-/:-@[-`{-~]/g, (sign) => String.fromCharCode(0xe000 + sign.charCodeAt(0)));
const unveil = (html) => html.replace(/[\ue021-\ue07e]/g, (sign) => `&#${sign.charCodeAt(0) - 0xe000};`);
const isPlain = (part) => part?.type === "plain_text" || part?.type === "raw_text";

/** A golden message as HTML. */
function markup(golden) {
  const { blocks } = JSON.parse(golden, (_, part) => (isPlain(part) ? { ...part, text: veil(part.text) } : part));
  return unveil(renderToStaticMarkup(createElement(Message, { ...SENDER, blocks, data: PEOPLE })));
}

/** One page for each scale. */
async function open(browser, deviceScaleFactor) {
  const page = await browser.newPage({ viewport: { width: WIDTH, height: 1 }, deviceScaleFactor });
  await page.goto(here("page.html").href);
  return page;
}

/** The message as PNG, cropped to what it shows. */
async function photograph(pages, html) {
  let png;
  for (const page of pages) {
    await page.locator("body").evaluate((body, shown) => (body.innerHTML = shown), html);
    await page.evaluate(() => document.fonts.ready);
    const raw = await page.screenshot({ fullPage: true });
    png = await sharp(raw).png({ palette: true, colours: 32, dither: 0, effort: 10 }).toBuffer();
    if (png.length < SHARP_UP_TO) break;
  }
  return png;
}

/** A picture with its line, and the message's own sentence for those who cannot see it. */
function entry(name, caption, golden) {
  const group = /<!subteam\^[^>]*>/g; // its name is known to Slack alone
  const told = JSON.parse(golden).text.replace(group, "@on-call").replace(/<[!@#]([^>]*)>/g, "@$1");
  const sentence = told.replaceAll('"', "&quot;");
  return `## ${name}\n\n${caption}\n\n<img src="${name}.png" width="${WIDTH}" alt="${sentence}">\n`;
}

process.env.TZ = "UTC";
mock.timers.enable({ apis: ["Date"], now: READ_AT });

const captions = JSON.parse(await readFile(here("captions.json"), "utf8"));
const names = Object.keys(captions);
const goldens = await Promise.all(names.map((name) => readFile(here(`../slack/golden/${name}.json`), "utf8")));
await mkdir(picture(""), { recursive: true });
const before = JSON.parse(await readFile(picture("digests.json"), "utf8").catch(() => "{}"));
const there = new Set((await readdir(picture(""))).filter((file) => file.endsWith(".png")));

const browser = await chromium.launch(BROWSER);
const pages = await Promise.all(SCALES.map((scale) => open(browser, scale)));
for (const [n, name] of names.entries()) {
  const current = there.delete(`${name}.png`) && before[name] === digest(goldens[n]);
  if (!current) await writeFile(picture(`${name}.png`), await photograph(pages, markup(goldens[n])));
}
await browser.close();

for (const stale of there) await rm(picture(stale));
const digests = Object.fromEntries(names.map((name, n) => [name, digest(goldens[n])]));
await writeFile(picture("digests.json"), `${JSON.stringify(digests, null, 1)}\n`);
await writeFile(picture("README.md"), [HEAD, ...names.map((name, n) => entry(name, captions[name], goldens[n]))].join("\n"));
