/** Every page against axe (WCAG 2.2 AA and best practices), as it looks in use: light and dark, at three widths. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { after, before, describe, test } from 'node:test';
import { agent, fillSignIn, openBrowser, quiet, settle } from '../browser.mjs';
import { BILLING, signInApi, startWorld } from '../world.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

let world, browser;
before(async () => {
  [world, browser] = await Promise.all([startWorld(), openBrowser()]);
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

/** All violations of what a page shows now, in both themes and three widths; also that nothing scrolls sideways. */
async function check(page, name, found) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(axe);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const width of [1440, 1024, 400]) {
      await page.setViewportSize({ width, height: 900 });
      const { violations, over } = await page.evaluate(async (values) => {
        const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
        const r = await globalThis.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] });
        return { over, violations: r.violations.map((v) => `${v.id}: ${v.help} at ${v.nodes.slice(0, 2).map((n) => n.target.join(' ')).join(', ')}`) };
      }, tags);
      if (over > 0) violations.push(`scrolls sideways by ${over} px`);
      found.push(...violations.map((v) => `${name}, ${colorScheme}, ${width}: ${v}`));
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 1440, height: 900 });
}

describe('no page has a fault', { concurrency: 2 }, () => {
  test('Agent Console', async () => {
    const found = [];
    const person = await browser.person();
    person.userId = 'nobody';
    const page = await person.page();
    await page.goto(world.console);
    await page.getByLabel('User ID').waitFor();
    await check(page, 'sign-in', found);
    await person.close();

    const ada = await agent(browser, world, 'ada');
    await check(ada.page, 'idle', found);
    for (const [path, heading] of [['#/profile', 'My Profile'], ['#/profile/external', 'External Setup'], ['#/profile/security', 'Security']]) {
      await ada.page.goto(`${world.console}${path}`);
      await ada.page.getByRole('heading', { name: heading, level: 1 }).waitFor();
      await check(ada.page, path, found);
    }
    await ada.page.goto(`${world.console}#/`);
    const mia = await signInApi(world.base, 'mia');
    const user = (await mia('GET', '/api/v1/manager/users')).users.find((u) => u.userId === 'ada');
    await mia('PUT', `/api/v1/manager/users/${user.id}`, { ...user, offerSeconds: 60 }); // time to look at a ring
    await world.callFrom('+14155551212', { to: BILLING });
    await ada.matches.waitFor();
    await ada.customer.getByRole('heading', { name: 'Ann Beck' }).waitFor();
    await check(ada.page, 'ringing, many matches', found);
    await ada.accept();
    await ada.hangUp();
    await check(ada.page, 'wrap-up', found);
    await settle(world, ada);
    await world.callFrom('+14155550199');
    await ada.customer.getByRole('tabpanel').getByLabel(/^Last Name/).waitFor();
    await ada.accept();
    await check(ada.page, 'connected, blank record', found);
    assert.deepEqual(found, []);
    quiet(ada);
    await settle(world, ada);
  });

  test('Configuration Manager', async () => {
    const found = [];
    const mia = await browser.person();
    mia.userId = 'mia';
    const page = await mia.page();
    await page.goto(world.manager);
    await fillSignIn(page, 'mia');
    await page.getByRole('navigation', { name: 'Pages' }).waitFor();
    const api = await signInApi(world.base, 'mia');
    const [user] = (await api('GET', '/api/v1/manager/users')).users;
    const [queue] = (await api('GET', '/api/v1/manager/queues')).queues;
    for (const path of ['profile', 'users', `users/${user.id}`, 'queues', `queues/${queue.id}`, 'channels', 'channels/1', 'codes', 'codes/1', 'trunks', 'trunks/1', 'screen-pop', 'deliveries']) {
      await page.goto(`${world.manager}#/${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.waitForFunction(() => !document.querySelector('main [aria-busy=true]'));
      await check(page, path, found);
    }
    assert.deepEqual(found, []);
    quiet(mia);
    await mia.close();
  });
});
