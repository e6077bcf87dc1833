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
    args: ['--no-sandbox', '--disable-gpu', '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
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
];
