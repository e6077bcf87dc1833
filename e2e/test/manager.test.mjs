/** The Configuration Manager: what an administrator sets up is set up, and bad input is answered whole, at its fields. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fillSignIn, openBrowser, quiet } from '../browser.mjs';
import { signInApi, startWorld, until } from '../world.mjs';

let world, browser, mia, page;
before(async () => {
  [world, browser] = await Promise.all([startWorld(), openBrowser()]);
  mia = await browser.person();
  mia.userId = 'mia';
  page = await mia.page();
  await page.goto(world.manager);
  await fillSignIn(page, 'mia');
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

const go = (name) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: new RegExp(`^${name}`) }).click();
const main = () => page.getByRole('main');
const faultOf = (label) => main().getByLabel(label).evaluate((el) => (el.getAttribute('aria-describedby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' '));

test('a queue, a channel to it and a user who works in it', async () => {
  await go('Queues');
  await page.getByRole('link', { name: 'New queue' }).click();
  await main().getByLabel(/^Name/).fill('Returns');
  await main().getByLabel(/^Wrap-up/).fill('45');
  await page.getByLabel('Outcome').check();
  await page.getByRole('button', { name: 'Create queue' }).click();
  await page.getByRole('heading', { name: 'Returns' }).waitFor();

  await go('Channels');
  await page.getByRole('link', { name: 'New phone channel' }).click();
  await main().getByLabel(/^Name/).fill('Returns line');
  await main().getByLabel(/^Number/).fill('+1 866 555 0177');
  await main().getByLabel(/^Queue/).selectOption({ label: 'Returns' });
  await page.getByRole('button', { name: 'Create channel' }).click();
  await page.getByRole('heading', { name: 'Returns line' }).waitFor();

  await go('Users');
  await page.getByRole('link', { name: 'New user' }).click();
  await main().getByLabel(/^User ID/).fill('dov');
  await main().getByLabel(/^First name/).fill('Dov');
  await main().getByLabel(/^Last name/).fill('Levi');
  await main().getByLabel(/^E-mail/).fill('dov@acme.example');
  await main().getByLabel(/^Password/).fill('a good long passphrase');
  await main().getByRole('checkbox', { name: 'Returns' }).check();
  await page.getByRole('button', { name: 'Create user' }).click();
  await page.getByRole('heading', { name: 'Dov Levi' }).waitFor();

  const dov = await signInApi(world.base, 'dov', 'a good long passphrase');
  await dov('POST', '/api/v1/console/status', { status: 4 });
  const api = await signInApi(world.base, 'mia');
  const queue = (await api('GET', '/api/v1/manager/queues')).queues.find((q) => q.name === 'Returns');
  const channel = (await api('GET', '/api/v1/manager/channels')).channels.find((c) => c.name === 'Returns line');
  assert.deepEqual([channel.number, channel.queue, queue.wrapupSeconds, queue.codeLists.length], ['+18665550177', queue.id, 45, 1]);

  // Deleting what is used is refused by naming its users.
  mia.expect(/status of 409/);
  await go('Queues');
  await page.getByRole('link', { name: 'Returns' }).click();
  await page.getByRole('button', { name: /^Delete/ }).first().click();
  await page.getByRole('dialog').getByRole('button', { name: /^Delete/ }).click();
  await page.getByText(/Returns line/).first().waitFor();
  await page.keyboard.press('Escape');
  quiet(mia);
});

test('bad input: every fault at its field, what was typed is kept, nothing is saved', async () => {
  mia.expect(/status of 422/);
  await go('Users');
  await page.getByRole('link', { name: 'New user' }).click();
  await main().getByLabel(/^User ID/).fill('x');
  await main().getByLabel(/^E-mail/).fill('not an address');
  await main().getByLabel(/^Password/).fill('short');
  await main().getByLabel(/^Offer time-out/).fill('5');
  await page.getByRole('button', { name: 'Create user' }).click();
  await page.getByText(/fields need a look/).waitFor();
  for (const [label, words] of [[/^User ID/, /3/], [/^Last name/, /\w/], [/^E-mail/, /address/i], [/^Password/, /\d/], [/^Offer time-out/, /15/]]) {
    assert.equal(await main().getByLabel(label).getAttribute('aria-invalid'), 'true', `${label} is marked`);
    assert.match(await faultOf(label), words);
  }
  assert.equal(await main().getByLabel(/^E-mail/).inputValue(), 'not an address');
  await page.getByRole('button', { name: 'Discard' }).click();
  const api = await signInApi(world.base, 'mia');
  assert.equal((await api('GET', '/api/v1/manager/users')).users.some((u) => u.userId === 'x'), false);

  await go('Channels');
  await page.getByRole('link', { name: 'New phone channel' }).click();
  await main().getByLabel(/^Number/).fill('12');
  await page.getByRole('button', { name: 'Create channel' }).click();
  await page.getByText(/fields need a look/).waitFor();
  for (const label of [/^Name/, /^Number/, /^Queue/]) assert.equal(await main().getByLabel(label).getAttribute('aria-invalid'), 'true', `${label} is marked`);
  await page.getByRole('button', { name: 'Discard' }).click();
  quiet(mia);
});

test('Screen Pop is saved; what somebody else saved meanwhile is not overwritten', async () => {
  await go('Screen Pop');
  await page.getByRole('button', { name: 'Test connection' }).click();
  await page.getByText(/The org answers|reach/i).first().waitFor();
  await page.getByLabel('When an agent accepts an interaction').check();
  await page.getByLabel('Associate contacts without a company').check();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText('Screen Pop saved.').waitFor();
  const api = await signInApi(world.base, 'mia');
  const { settings } = await api('GET', '/api/v1/manager/screen-pop');
  assert.deepEqual([settings.triggers, settings.autoLog.contactsWithoutCompany], [{ offered: true, accepted: true, completed: false }, true]);

  await page.getByLabel('When an agent completes an interaction').check();
  await api('PUT', '/api/v1/manager/screen-pop', { ...settings, noMatchForm: 'Lead' });
  mia.expect(/status of 409/);
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByText(/Changed by Mia Olsen/).waitFor();
  await page.getByRole('button', { name: 'Load theirs, keep my changes' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await until('both changes', async () => {
    const s = (await api('GET', '/api/v1/manager/screen-pop')).settings;
    return s.noMatchForm === 'Lead' && s.triggers.completed;
  });
  quiet(mia);
});

test('agents may not open the manager, nor its API', async () => {
  const ada = await signInApi(world.base, 'ada');
  await assert.rejects(ada('GET', '/api/v1/manager/users'), (e) => e.status === 403);
  const person = await browser.person();
  person.userId = 'ada';
  const p = await person.page();
  await p.goto(world.manager);
  await fillSignIn(p, 'ada');
  await p.getByRole('link', { name: 'Agent Console' }).waitFor();
  quiet(person);
  await person.close();
});
