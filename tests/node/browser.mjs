// SPDX-License-Identifier: Apache-2.0
// Drives a real headless Chromium: reads commands from stdin, one JSON object per line, and answers
// each with one line, {"value": …} or {"error": "…"}. Ends with its input.
//   {"do":"open","url":"http://127.0.0.1:5000/","width":390,"height":844,"scheme":"dark",
//    "websocket":false,"clock_ms":-90000}  clock_ms: how far the page's clock is ahead of the true one
//   {"do":"wait","selector":"[data-role=\"device\"]","text":"\\d","count":2,"timeout_s":30}
//        until so many visible elements match, their text (spaces joined) included
//        -> {"ms": since the page opened}
//   {"do":"read","selector":"…"}
//        -> [{"text", "data", "roles": {role: text}, "times": {role: datetime}}]
//   {"do":"click","selector":"…"}
//   {"do":"press","key":"/"}
//   {"do":"focus","selector":"…"}
//   {"do":"fill","selector":"…","text":"…"}
//   {"do":"drag","selector":"…","from":0.2,"to":0.6}  across it; both are parts of its width
//   {"do":"download","selector":"…"}  clicks -> {"name", "text"} of the file that comes of it
//   {"do":"screenshot","path":"page.png","full":true}
//   {"do":"overflow"}    -> by how many pixels the page is wider than its window
//   {"do":"axe"}         -> accessibility violations of serious and critical impact
//   {"do":"problems"}    -> what the page logged, failed to load or threw, so far
// Chromium resolves no host name, so a page that asks another host fails visibly.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const browser = await chromium.launch({
  executablePath: process.env.WEIR_CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
  ],
});
let page;
let opened_ms;
let problems;

function forbid_websockets() {
  const Real = globalThis.WebSocket;
  globalThis.WebSocket = class extends Real {
    constructor() {
      super("ws://127.0.0.1:1/"); // nobody answers there
    }
  };
}

function shift_clock(clock_ms) {
  const now = Date.now;
  Date.now = () => now() + clock_ms;
}

async function open(options) {
  const { url, width = 1200, height = 900, scheme = "light", websocket = true } = options;
  await page?.context().close();
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme });
  if (!websocket) await context.addInitScript(forbid_websockets);
  if (options.clock_ms) await context.addInitScript(shift_clock, options.clock_ms);
  page = await context.newPage();
  problems = [];
  page.on("pageerror", (error) => problems.push(String(error.stack)));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  opened_ms = Date.now();
  await page.goto(url);
}

async function wait({ selector, text = "", count = 1, timeout_s = 30 }) {
  const is_there = ([selector, text, count]) => {
    const wanted = new RegExp(text);
    const found = [...document.querySelectorAll(selector)].filter(
      (element) =>
        element.checkVisibility() && wanted.test(element.textContent.trim().replace(/\s+/g, " ")),
    );
    return found.length >= count;
  };
  const sought = [selector, text, count];
  await page.waitForFunction(is_there, sought, { timeout: timeout_s * 1000, polling: 50 });
  return { ms: Date.now() - opened_ms };
}

const read = ({ selector }) =>
  page.$$eval(selector, (elements) => {
    const text_of = (element) => element.textContent.trim().replace(/\s+/g, " ");
    const by_role = (element, value_of) =>
      Object.fromEntries(
        [...element.querySelectorAll("[data-role]")]
          .map((part) => [part.dataset.role, value_of(part)])
          .filter(([, value]) => value !== undefined),
      );
    return elements.map((element) => ({
      text: text_of(element),
      data: { ...element.dataset },
      roles: by_role(element, text_of),
      times: by_role(element, (part) => part.dateTime),
    }));
  });

async function axe() {
  const { source } = createRequire(import.meta.url)("axe-core");
  await page.evaluate(source);
  const { violations } = await page.evaluate("axe.run(document)");
  return violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0].html}`);
}

async function drag({ selector, from, to }) {
  const { x, y, width, height } = await page.locator(selector).boundingBox();
  await page.mouse.move(x + width * from, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width * to, y + height / 2, { steps: 5 });
  await page.mouse.up();
}

async function download({ selector }) {
  const [file] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
}

const commands = {
  open,
  wait,
  read,
  axe,
  drag,
  download,
  click: ({ selector }) => page.click(selector),
  press: ({ key }) => page.keyboard.press(key),
  focus: ({ selector }) => page.focus(selector),
  fill: ({ selector, text }) => page.fill(selector, text),
  screenshot: async ({ path, full = false }) =>
    void (await page.screenshot({ path, fullPage: full })),
  overflow: () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth),
  problems: () => problems,
};

const answer = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

for await (const line of createInterface({ input: process.stdin })) {
  try {
    const { do: name, ...options } = JSON.parse(line);
    answer({ value: (await commands[name](options)) ?? null });
  } catch (error) {
    answer({ error: String(error) });
  }
}
await browser.close();
