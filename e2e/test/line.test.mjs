/** Reload, another tab, a restarted server: nothing is missed and nothing doubled (SPEC AGT-13…15, GEN-9). */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { agent, desk, heardInPage, openBrowser, quiet, settle } from '../browser.mjs';
import { asUser, taskFor, tasksFor } from '../salesforce.mjs';
import { startWorld, until } from '../world.mjs';

let world, browser, ada, data, sf;
before(async () => {
  data = await mkdtemp(join(tmpdir(), 'cordboard-e2e-line-'));
  [world, browser] = await Promise.all([startWorld({ data }), openBrowser()]);
  ada = await agent(browser, world, 'ada');
  sf = await asUser(world.orgUrl, 'ada');
});
after(async () => {
  await browser?.close();
  await world?.stop();
  await rm(data, { recursive: true, force: true });
});

test('a reload in a call restores the same screen within 2 s, and the call goes on', async () => {
  const customer = await world.listener('+14155551212');
  await ada.matches.waitFor();
  await ada.matches.getByRole('row', { name: /Kim Acheson/ }).click();
  await ada.accept();
  await ada.customer.getByRole('heading', { name: 'Kim Acheson' }).waitFor();
  await ada.notes.fill('Half a thou');
  await ada.call.getByText(/^Saved/).waitFor();
  await until('sound', () => customer.shares().slice(-5).some((s) => s > 0.6));
  const at = Date.now();
  await ada.page.reload({ waitUntil: 'commit' });
  await ada.connected();
  await ada.customer.getByRole('heading', { name: 'Kim Acheson' }).waitFor();
  await ada.notes.waitFor();
  const took = Date.now() - at;
  assert.equal(await ada.notes.inputValue(), 'Half a thou');
  assert.equal(await ada.matches.getByRole('row', { selected: true }).getByText('Kim Acheson').count(), 1);
  assert.ok(took < 2000, `restored after ${took} ms`);
  const before = customer.events.length;
  await until('the agent is heard again', () => customer.events.slice(before).some((e) => e.event === 'heard' && e.share > 0.6));
  await until('the customer is heard again', async () => {
    const h = await heardInPage(ada.page);
    return h.db > -60 && Math.abs(h.hz - 440) < 20;
  });
  assert.equal(customer.has('ended'), false);
  await ada.hangUp();
  await ada.page.reload();
  await ada.wrapup();
  assert.equal(await ada.notes.inputValue(), 'Half a thou');
  await ada.endWrapup();
  assert.match((await taskFor(sf, '+14155551212')).Description, /Half a thou/);
  quiet(ada);
});

test('two tabs: one holds the phone, the other says so and can take it over', async () => {
  const page = await ada.person.page();
  const other = desk(page);
  await page.goto(world.console);
  const elsewhere = (d) => d.page.getByText(/Your phone is in use elsewhere/);
  await elsewhere(other).waitFor();
  assert.equal(await elsewhere(ada).count(), 0);
  const rings = (d) => d.page.getByRole('button', { name: 'Silence the ring' });

  const first = await world.callFrom('+14155550123');
  await Promise.all([ada.offer.waitFor(), other.offer.waitFor()]);
  await rings(ada).waitFor();
  assert.equal(await rings(other).count(), 0, 'one tab rings');
  await ada.accept();
  await other.connected();
  await page.getByRole('button', { name: 'Use here' }).click();
  await elsewhere(ada).waitFor();
  await until('the customer is heard in the other tab', async () => {
    const h = await heardInPage(page);
    return h.db > -60 && Math.abs(h.hz - 440) < 20;
  });
  assert.equal(await first.state(), 'answered', 'the call goes on');
  await other.hangUp();
  await ada.wrapup();
  await ada.notes.fill('From one tab');
  await until('the note in the other tab', async () => (await other.notes.inputValue()) === 'From one tab');
  await other.endWrapup();
  await ada.status('Available').waitFor();
  assert.equal((await until('the Task', async () => { const all = await tasksFor(sf, '+14155550123'); return all.length ? all : null; })).length, 1);
  await ada.page.getByRole('button', { name: 'Use here' }).click();
  await elsewhere(other).waitFor();
  await page.close();
  await ada.page.getByText('Phone: browser', { exact: true }).waitFor();
  quiet(ada);
});

test('the server is killed and started: wrap-up and notes are kept, the stream heals by itself', async () => {
  const caller = '+16045550178';
  await world.callFrom(caller);
  await ada.accept();
  await ada.hangUp();
  await ada.notes.fill('Before the crash.');
  await ada.call.getByText(/^Saved/).waitFor();
  ada.expect(/ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED_ENCODING|CONNECTION_RESET|EMPTY_RESPONSE)/);
  await world.kill();
  await ada.page.getByText(/Reconnecting…|No connection to the server/).waitFor();
  await ada.notes.fill('Before the crash, and during it.');
  world = await startWorld({ data, at: world.at });
  await ada.page.getByText(/Reconnecting…|No connection to the server/).waitFor({ state: 'hidden', timeout: 20000 });
  await ada.wrapup();
  assert.equal(await ada.notes.inputValue(), 'Before the crash, and during it.');
  await ada.call.getByText(/^Saved/).waitFor();
  await ada.page.getByText('Phone: browser', { exact: true }).waitFor({ timeout: 20000 });
  await ada.endWrapup();
  sf = await asUser(world.orgUrl, 'ada');
  assert.match((await taskFor(sf, caller)).Description, /and during it\./);

  // A call that a restart cuts off ends as lost, and is logged.
  const second = '+12125550144';
  await world.callFrom(second);
  await ada.accept();
  await world.kill();
  world = await startWorld({ data, at: world.at });
  const task = await taskFor(sf, second, 40000);
  assert.match(task.Description, /lost/i);
  await ada.page.getByText(/Reconnecting…|No connection to the server/).waitFor({ state: 'hidden', timeout: 20000 });
  await ada.logged(/Front Desk/).waitFor();
  assert.equal((await tasksFor(sf, second)).length, 1);
  quiet(ada);
  await settle(world, ada);
});
