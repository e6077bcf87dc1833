// Opens the Agent Console in Chromium and says, one JSON object a line, what is painted and when. It looks at the page
// from outside: an observer that the page does not know of. Painted means the first task after the animation frame that
// follows the change of the document.
import { chromium } from 'playwright-core';

const [console_, user, password] = process.argv.slice(2);
const say = (o) => process.stdout.write(`${JSON.stringify(o)}\n`);

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  handleSIGINT: false,
  handleSIGTERM: false,
  args: ['--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required',
    '--allow-loopback-in-peer-connection', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
let ended = false;
const end = async () => {
  if (ended) return;
  ended = true;
  await browser.close();
  process.exit(0);
};
process.on('SIGINT', end);
process.on('SIGTERM', end);

const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, permissions: ['microphone', 'notifications'] });
const page = await context.newPage();
page.on('pageerror', (e) => process.stderr.write(`bench: the page: ${e.message}\n`));
await page.exposeFunction('benchSay', say);
await page.addInitScript(() => {
  /** The wall clock at this page's time 0, found at a tick of Date: performance.now() is finer, and Date is everyone's. */
  const zero = () => {
    const from = Date.now();
    let to = from;
    while (to === from) to = Date.now();
    return to - performance.now();
  };
  const frame = (then) => {
    const channel = new MessageChannel();
    channel.port1.onmessage = () => then(performance.now());
    requestAnimationFrame(() => channel.port2.postMessage(0));
  };
  const seen = (kind, title, written) => {
    frame((painted) => {
      const base = zero();
      window.benchSay({ kind, title, written: base + written, painted: base + painted });
    });
  };
  let title = null;
  let named = false;
  const look = () => {
    const card = document.querySelector('article[aria-label^="Ringing: "]');
    const now = card ? card.getAttribute('aria-label').slice('Ringing: '.length) : null;
    if (now === title) return;
    const at = performance.now();
    if (now === null) seen('quiet', '', at);
    else {
      if (title === null) {
        named = false;
        seen('ring', now, at);
      }
      if (!named && !/^[+(\d]/.test(now)) {
        named = true;
        seen('name', now, at);
      }
    }
    title = now;
  };
  const watching = new MutationObserver(look);
  watching.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['aria-label'] });
  window.benchFrames = async (n) => {
    const probe = document.body.appendChild(document.createElement('i'));
    for (let k = 0; k < n; k++) {
      await new Promise((go) => setTimeout(go, 10 + Math.random() * 34));
      const took = await new Promise((go) => {
        const at = performance.now();
        probe.textContent = String(k);
        frame((painted) => go(painted - at));
      });
      window.benchSay({ kind: 'frame', took });
    }
    probe.remove();
  };
});

await page.goto(console_);
await page.getByLabel('User ID').fill(user);
await page.getByLabel('Password').fill(password);
await page.keyboard.press('Enter');
const ready = page.getByRole('button', { name: /ready to work/i }).first();
await ready.click();
await page.getByText('Waiting for a call').waitFor();
// The browser phone is connected when the page stops saying otherwise; a call would not be offered before.
await page.waitForFunction(async () => (await (await fetch('/api/v1/session')).json()).userId !== undefined);
say({ kind: 'ready' });
await page.evaluate(() => window.benchFrames(60));
