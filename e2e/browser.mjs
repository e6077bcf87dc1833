/**
 * Chromium as an agent uses it, with a microphone that says 1000 Hz in beeps. Every page keeps what the browser complains
 * about; a test that ends with a complaint it did not announce has failed.
 */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { PASSWORD } from './world.mjs';

const where = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => existsSync(p));

/** A WAV file of beeps: 300 ms of 1000 Hz, 100 ms of silence, so that noise suppression does not take it for noise. */
function beeps() {
  const rate = 48000;
  const samples = Buffer.alloc(rate * 2 * 2);
  for (let n = 0; n < samples.length / 2; n++) {
    const on = n % (rate * 0.4) < rate * 0.3;
    samples.writeInt16LE(on ? Math.round(16000 * Math.sin((2 * Math.PI * 1000 * n) / rate)) : 0, n * 2);
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length, 40);
  return Buffer.concat([head, samples]);
}

export async function openBrowser() {
  const dir = await mkdtemp(join(tmpdir(), 'cordboard-mic-'));
  const wav = join(dir, 'mic.wav');
  await writeFile(wav, beeps());
  const browser = await chromium.launch({
    executablePath: where,
    args: [
      '--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', `--use-file-for-fake-audio-capture=${wav}`,
      '--autoplay-policy=no-user-gesture-required', '--allow-loopback-in-peer-connection', '--disable-quic', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run',
    ],
  });
  return {
    /** A person's browser: own cookies, own storage. */
    async person({ width = 1440, height = 900, theme = 'light' } = {}) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce', permissions: ['microphone'], locale: 'en-US', timezoneId: 'America/New_York' });
      await context.addInitScript(watch);
      const complaints = [];
      const expected = [/status of 401 .*\/api\/v1\/session$/]; // asked at the start, before anyone has signed in
      return {
        context,
        complaints: () => complaints.filter((c) => !expected.some((e) => e.test(c))),
        /** Announces what this test makes the browser complain about. */
        expect: (...patterns) => expected.push(...patterns),
        async page() {
          const page = await context.newPage();
          page.setDefaultTimeout(10000);
          page.on('pageerror', (e) => complaints.push(`page error: ${e.message}`));
          page.on('console', (m) => {
            if (m.type() === 'error' || /content security policy|refused to/i.test(m.text())) complaints.push(`${m.type()}: ${m.text()} ${m.location().url}`);
          });
          return page;
        },
        close: () => context.close(),
      };
    },
    async close() {
      await browser.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Runs in the page before anything else: keeps the phone connections, so that what they bring can be measured. */
function watch() {
  const Peer = globalThis.RTCPeerConnection;
  globalThis.__peers = [];
  globalThis.RTCPeerConnection = class extends Peer {
    constructor(...a) {
      super(...a);
      globalThis.__peers.push(this);
    }
  };
  addEventListener('securitypolicyviolation', (e) => console.error(`Content Security Policy: ${e.violatedDirective} ${e.blockedURI}`));
}

/** What the page's phone brings: the loudest frequency in Hz and how loud it is, in dB below full scale. */
export async function heardInPage(page) {
  return page.evaluate(async () => {
    const peer = globalThis.__peers.filter((p) => p.connectionState === 'connected').at(-1);
    const track = peer?.getReceivers()[0]?.track;
    if (!track) return { hz: 0, db: -Infinity };
    if (globalThis.__ear?.track !== track) {
      const sound = new AudioContext();
      const analyser = new AnalyserNode(sound, { fftSize: 4096, smoothingTimeConstant: 0 });
      sound.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      globalThis.__ear = { track, sound, analyser };
      await sound.resume();
    }
    const { analyser, sound } = globalThis.__ear;
    await new Promise((done) => setTimeout(done, 200));
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    let top = 0;
    for (let n = 1; n < bins.length; n++) if (bins[n] > bins[top]) top = n;
    return { hz: (top * sound.sampleRate) / analyser.fftSize, db: bins[top] };
  });
}

/** An agent at his console. Words and roles are what a person goes by, so the tests go by them too. */
export async function agent(browser, world, userId, { ready = true, theme = 'light', width, height } = {}) {
  const person = await browser.person({ theme, width, height });
  const page = await person.page();
  await page.goto(world.console);
  await fillSignIn(page, userId);
  await page.getByRole('heading', { name: 'Interactions' }).waitFor();
  const a = { ...desk(page), person, page, userId, close: () => person.close(), expect: person.expect, complaints: person.complaints };
  if (ready) await a.ready();
  return a;
}

export async function fillSignIn(page, userId, password = PASSWORD) {
  await page.getByLabel('User ID').fill(userId);
  await page.getByLabel('Password', { exact: true }).or(page.getByLabel(/^Password/)).first().fill(password);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
}

/** The parts of the desk, and what one does there. */
export function desk(page) {
  const d = {
    page,
    customer: page.getByRole('region', { name: 'Customer' }),
    call: page.getByRole('region', { name: 'Interaction', exact: true }),
    list: page.getByRole('region', { name: 'Interactions', exact: true }),
    earlier: page.getByRole('region', { name: 'Earlier today' }),
    offer: page.getByRole('article', { name: /^Ringing: / }),
    acceptButton: page.getByRole('button', { name: /^Accept/ }),
    hangUpButton: page.getByRole('button', { name: /^Hang up/ }),
    endWrapupButton: page.getByRole('button', { name: /^End wrap-up/ }),
    notes: page.getByRole('textbox', { name: 'Notes' }),
    matches: page.getByRole('grid', { name: 'Matching records' }),
    status: (name) => page.getByRole('button', { name: new RegExp(`^Status and menu: ${name}`) }),
    async ready() {
      await page.getByRole('button', { name: 'Ready to work' }).click();
      await d.status('Available').waitFor();
      await page.getByText('Phone: browser', { exact: true }).waitFor();
    },
    async accept() {
      await d.acceptButton.click();
      await d.connected();
    },
    connected: () => d.call.getByText('Connected', { exact: true }).waitFor(),
    async hangUp() {
      await pauseGuard(page);
      await d.hangUpButton.click();
      await d.wrapup();
    },
    wrapup: () => d.call.getByText('Wrap-up', { exact: true }).waitFor(),
    async endWrapup() {
      await d.endWrapupButton.click();
      await d.status('Available').waitFor();
    },
    /** The newest finished call's log, as the list has it. */
    logged: (title) => d.earlier.getByRole('listitem').filter({ hasText: title }).first(),
  };
  return d;
}

/** The console ignores a hang-up within 300 ms of a change, since it was meant for what stood there before. */
const pauseGuard = (page) => page.waitForTimeout(350);

/** Fails when a page complained of something that was not announced. */
export function quiet(...agents) {
  for (const a of agents) assert.deepEqual(a.complaints(), [], `${a.userId}: the browser complained`);
}

/** Whatever a test left behind: customers hang up, wrap-up ends, so that the next one starts with a free agent. */
export async function settle(world, ...agents) {
  await world.hangUpAll();
  for (const a of agents) {
    const wrap = a.call.getByText('Wrap-up', { exact: true });
    for (let n = 0; n < 20 && (await a.acceptButton.or(a.hangUpButton).or(wrap).count()); n++) {
      if (await wrap.count()) {
        const code = a.page.getByRole('button', { name: 'Resolved' });
        if (await code.count()) await code.click();
        await a.endWrapupButton.click({ timeout: 1000 }).catch(() => undefined);
      }
      await a.page.waitForTimeout(250);
    }
  }
}
