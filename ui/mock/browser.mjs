/** Starts the built pages behind the mock server, and Chromium on them. Used by pictures.mjs, axe.mjs and walk.mjs. */
import { chromium } from 'playwright-core';
import { preview } from 'vite';

process.env.MOCK = '1';
for (const k of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY', 'all_proxy']) delete process.env[k];

export async function open() {
  const server = await preview({ preview: { host: '127.0.0.1', port: Number(process.env.PORT ?? 0) || 4180, strictPort: false }, logLevel: 'error' });
  const base = server.resolvedUrls.local[0].replace(/\/$/, '').replace('localhost', '127.0.0.1');
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'],
  });
  return {
    base,
    browser,
    /** Puts the mock world into a scenario. */
    async scenario(name) {
      const r = await fetch(`${base}/__mock/scenario?name=${encodeURIComponent(name)}`);
      if (!r.ok) throw new Error(`scenario ${name}: ${r.status}`);
    },
    /** A page in a theme and width, which collects what the browser complains about. */
    async page(theme, width, height = 900) {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, reducedMotion: 'reduce', timezoneId: 'America/Los_Angeles' });
      // The mock has no gateway: a connection that says it is up.
      await context.addInitScript(() => {
        class Peer extends EventTarget {
          iceGatheringState = 'complete';
          connectionState = 'new';
          localDescription = { sdp: 'v=0' };
          addTransceiver() {
            return { sender: { replaceTrack: async () => undefined } };
          }
          async createOffer() {
            return {};
          }
          async setLocalDescription() {}
          async setRemoteDescription() {
            this.connectionState = 'connected';
            this.onconnectionstatechange?.();
          }
          close() {}
        }
        globalThis.RTCPeerConnection = Peer;
      });
      const page = await context.newPage();
      const complaints = [];
      page.on('console', (m) => {
        if (m.type() === 'error' && !/status of (401|404|409|422|503)|ERR_EMPTY_RESPONSE|ERR_INCOMPLETE/.test(m.text())) complaints.push(m.text());
      });
      page.on('pageerror', (e) => complaints.push(String(e)));
      return { page, complaints, close: () => context.close() };
    },
    async close() {
      await browser.close();
      await server.close();
    },
  };
}

/** Every screen: [name, scenario, path, what to do before looking]. */
export const screens = [
  ['sign-in', 'signed-out', '/console/'],
  ['idle', 'idle', '/console/'],
  ['break', 'break', '/console/'],
  ['missed', 'missed', '/console/'],
  ['one', 'one', '/console/'],
  ['several', 'several', '/console/'],
  ['busy-and-offer', 'many-and-offer', '/console/'],
  ['searching', 'searching', '/console/'],
  ['unknown', 'unknown', '/console/'],
  ['form-errors', 'unknown', '/console/', async (p) => { await p.getByRole('button', { name: 'Save Contact' }).click(); }],
  ['duplicates', 'unknown', '/console/', async (p) => { await p.getByLabel('Last Name').fill('Okafor'); await p.getByRole('button', { name: 'Save Contact' }).click(); await p.getByText('Use one of these').waitFor(); }],
  ['possible', 'possible', '/console/'],
  ['withheld', 'withheld', '/console/'],
  ['not-searched', 'not-searched', '/console/'],
  ['passed', 'passed', '/console/', async (p) => { await p.getByRole('button', { name: 'Ann Okafor' }).first().click(); }],
  ['left', 'left', '/console/', async (p) => { await p.getByRole('button', { name: 'Ann Okafor' }).first().click(); }],
  ['wrapup', 'wrapup', '/console/', async (p) => { await p.getByRole('button', { name: 'Show what is written' }).click(); await p.getByRole('button', { name: 'Change' }).click(); }],
  ['codes', 'codes', '/console/'],
  ['logged', 'logged', '/console/', async (p) => { await p.getByRole('button', { name: 'Ann Okafor', exact: true }).click(); }],
  ['parked', 'parked', '/console/', async (p) => { await p.getByRole('button', { name: 'Marta Vidal', exact: true }).click(); }],
  ['no-sign-on', 'no-sign-on', '/console/'],
  ['bad-sign-on', 'bad-sign-on', '/console/'],
  ['elsewhere', 'elsewhere', '/console/'],
  ['device', 'device', '/console/'],
  ['cut', 'cut', '/console/', async (p) => { await p.getByText('Reconnecting').waitFor(); }],
  ['long', 'long', '/console/'],
  ['menu', 'idle', '/console/', async (p) => { await p.keyboard.press('Control+Shift+S'); }],
  ['phone', 'idle', '/console/', async (p) => { await p.getByRole('button', { name: /^Phone:/ }).click(); }],
  ['shortcuts', 'idle', '/console/', async (p) => { await p.keyboard.press('Control+Shift+S'); await p.getByRole('menuitem', { name: 'Shortcuts' }).click(); }],
  ['history', 'idle', '/console/', async (p) => { await p.getByRole('button', { name: 'All' }).click(); await p.getByRole('table').waitFor(); }],
  ['profile', 'idle', '/console/#/profile'],
  ['external', 'idle', '/console/#/profile/external'],
  ['external-bad', 'bad-sign-on', '/console/#/profile/external'],
  ['external-new', 'no-sign-on', '/console/#/profile/external', async (p) => { await p.getByRole('button', { name: 'Save' }).click(); }],
  ['security', 'idle', '/console/#/profile/security'],
  ['m-profile', 'manager', '/manager/#/profile', async (p) => { await p.getByLabel('Tenant label').fill('Acme Customer Care'); }],
  ['m-users', 'manager', '/manager/#/users'],
  ['m-user', 'manager', '/manager/#/users/ag3'],
  ['m-user-new', 'manager', '/manager/#/users/new', async (p) => { await p.getByRole('button', { name: 'Create user' }).click(); await p.getByText('was not created').waitFor(); }],
  ['m-sip-secret', 'manager', '/manager/#/users/ag3', async (p) => { await p.getByRole('button', { name: 'Make a new SIP' }).click(); await p.getByRole('button', { name: 'Make a secret' }).click(); await p.getByText('acme-cleo').last().waitFor(); }],
  ['m-queues', 'manager', '/manager/#/queues'],
  ['m-queue', 'manager', '/manager/#/queues/1'],
  ['m-conflict', 'manager', '/manager/#/queues/1', async (p) => { await p.getByLabel('Name').fill('Changed'); await p.getByRole('button', { name: 'Save' }).click(); await p.getByText('Changed by').waitFor(); }],
  ['m-leave', 'manager', '/manager/#/queues/1', async (p) => { await p.getByLabel('Name').fill('Billings'); await p.evaluate(() => { location.hash = '#/users'; }); await p.getByText('Leave without saving').waitFor(); }],
  ['m-channels', 'manager', '/manager/#/channels'],
  ['m-channel', 'manager', '/manager/#/channels/1'],
  ['m-codes', 'manager', '/manager/#/codes'],
  ['m-code-list', 'manager', '/manager/#/codes/1'],
  ['m-trunks', 'manager', '/manager/#/trunks'],
  ['m-trunk', 'manager', '/manager/#/trunks/1'],
  ['m-screen-pop', 'manager', '/manager/#/screen-pop'],
  ['m-screen-pop-errors', 'manager', '/manager/#/screen-pop', async (p) => { await p.getByLabel('REST version').fill(''); await p.getByRole('button', { name: 'Save' }).click(); await p.getByText('Nothing was saved').waitFor(); }],
  ['m-deliveries', 'manager', '/manager/#/deliveries', async (p) => { await p.getByRole('button', { name: /Marta Vidal/ }).click(); }],
  ['m-drop', 'manager', '/manager/#/deliveries', async (p) => { await p.getByRole('button', { name: /Marta Vidal/ }).click(); await p.getByRole('button', { name: 'Drop…' }).click(); await p.getByRole('button', { name: 'Drop it' }).click(); }],
  ['m-find', 'manager', '/manager/#/queues', async (p) => { await p.keyboard.press('Control+k'); await p.keyboard.type('log'); }],
];
