/** Two agents: a lost offer goes on with its pop (SPEC ACC-4, POP-4), and neither sees what his Salesforce user may not. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { agent, openBrowser, quiet } from '../browser.mjs';
import { asUser, taskFor, tasksFor } from '../salesforce.mjs';
import { MAIN, orgAt, program, run, signInApi, startWorld, until } from '../world.mjs';

let browser;
before(async () => {
  browser = await openBrowser();
});
after(() => browser?.close());

// Two worlds at once: one of them mostly waits for an offer to run out.
describe('two agents', { concurrency: 2 }, () => {

test('a lost offer: Ada on break, her pane says so; Ben gets call, pop and the one Task', async (t) => {
  const world = await startWorld();
  t.after(() => world.stop());
  const mia = await signInApi(world.base, 'mia');
  const user = (await mia('GET', '/api/v1/manager/users')).users.find((u) => u.userId === 'ada');
  await mia('PUT', `/api/v1/manager/users/${user.id}`, { ...user, offerSeconds: 15 });
  const ada = await agent(browser, world, 'ada');
  const ben = await agent(browser, world, 'ben');
  t.after(() => Promise.all([ada.close(), ben.close()]));
  const caller = '+14155550123';
  const call = await world.callFrom(caller);
  await ada.offer.waitFor(); // she has been free for longer
  await ada.customer.getByRole('heading', { name: 'Ann Okafor' }).waitFor();
  assert.equal(await ben.offer.count(), 0);
  assert.equal(await ben.page.getByText('Ann Okafor').count(), 0, 'Ben sees nothing yet');

  await ben.offer.waitFor({ timeout: 20000 });
  await ben.customer.getByRole('heading', { name: 'Ann Okafor' }).waitFor();
  await ada.status('On Break').waitFor();
  await ada.customer.getByText('Passed to another agent').waitFor();
  assert.equal(await ada.acceptButton.count(), 0);
  assert.equal(await ada.notes.count(), 0, 'nothing can be written there any more');
  assert.equal(await ada.customer.getByRole('heading', { name: 'Ann Okafor' }).count(), 0);
  await ben.accept();
  assert.equal(await call.state(), 'answered');
  await ben.hangUp();
  await ben.endWrapup();
  const task = await taskFor(await asUser(world.orgUrl, 'ben'), caller);
  const sf = await asUser(world.orgUrl, 'ben');
  const benId = (await sf.query("SELECT Id FROM User WHERE Username = 'ben@demo.example'")).records[0].Id;
  assert.equal(task.OwnerId, benId);
  assert.match(task.CallObject, /\/1$/);
  assert.equal((await tasksFor(sf, caller)).length, 1);
  await ada.page.getByRole('button', { name: 'Ready to work' }).click();
  await ada.status('Available').waitFor();

  // A customer who leaves while it rings.
  const gone = await world.callFrom('+16045550178');
  await until('it rings at one of them', async () => (await ada.offer.count()) + (await ben.offer.count()));
  const who = (await ada.offer.count()) ? ada : ben;
  await gone.hangUp();
  await who.customer.getByText('Customer left').waitFor();
  await who.status('Available').waitFor();
  quiet(ada, ben);
});

test('private sharing: each stream holds only what that agent’s Salesforce user may see', async (t) => {
  // The sample tenant, moved to an org where owners see their own records only.
  const data = await mkdtemp(join(tmpdir(), 'cordboard-e2e-private-'));
  t.after(() => rm(data, { recursive: true, force: true }));
  const first = await startWorld({ data });
  await first.stop();
  const org = await run(['simorg', '--seed', 'private', '--listen', first.at.org], { ready: (said) => said.includes('control') });
  t.after(() => org.stop());
  const server = await run(['serve', '--data', data, '--listen', first.at.web, '--sip-listen', first.at.sip, '--allow-host', first.at.org, '--log-level', 'error'], { ready: () => true });
  t.after(() => server.stop());
  await until('the server is up', async () => (await fetch(`${first.base}/healthz`)).ok, 15000);
  const world = { ...first, org: orgAt(first.orgUrl) };

  const seen = {};
  for (const id of ['ada', 'ben']) {
    const api = await signInApi(world.base, id);
    const stream = await fetch(`${world.base}/api/v1/console/stream?tab=watch-${id}`, { headers: { cookie: api.cookie } });
    seen[id] = '';
    t.after(() => stream.body.cancel().catch(() => undefined));
    void (async () => {
      for await (const part of stream.body) seen[id] += Buffer.from(part);
    })().catch(() => undefined);
  }
  const theirs = { ada: ['Ann Adams', 'Sue Shared'], ben: ['Bob Benson', 'Sue Shared', 'Lea Lindt'] };
  const agents = {};
  for (const id of ['ada', 'ben']) {
    const a = await agent(browser, world, id);
    agents[id] = a;
    t.after(() => a.close());
    if (id === 'ben') {
      await agents.ada.status('Available').click();
      await agents.ada.page.getByRole('menuitemradio', { name: 'On Break' }).click();
      await agents.ada.status('On Break').waitFor();
    }
    const caller = spawn(program, ['customer', 'call', '--server', world.sip, '--from', '+14155551212', '--to', MAIN, '--talk', '20s'], { stdio: 'ignore' });
    t.after(() => caller.kill());
    await a.matches.waitFor();
    const table = await a.matches.innerText();
    for (const name of theirs[id]) assert.ok(table.includes(name), `${id} sees ${name}`);
    await a.accept();
    await a.hangUp();
    await a.endWrapup();
  }
  await until('both logs', async () => (await world.org.logs()).length === 2);
  for (const secret of ['Bob Benson', 'Lea Lindt', 'Lindt & Co', 'bob@bens.example', 'Max Miller', '555-9001', '555-9002', 'HomePhone']) assert.ok(!seen.ada.includes(secret), `Ada’s stream holds ${secret}`);
  for (const secret of ['Ann Adams', 'ann@adas.example', 'Max Miller', "Ada's Account", '555-9001', '555-9002', 'HomePhone']) assert.ok(!seen.ben.includes(secret), `Ben’s stream holds ${secret}`);
  assert.ok(seen.ada.includes('Ann Adams') && seen.ben.includes('Bob Benson'), 'the streams were read');
  // Nor by asking for the other's interaction or choosing the other's record.
  const bob = await world.org.find('Contact', 'Bob Benson');
  const ben = await signInApi(world.base, 'ben');
  const ada = await signInApi(world.base, 'ada');
  const [bens] = (await ben('GET', '/api/v1/console/history?limit=5')).interactions;
  for (const [method, path, body] of [['GET', ''], ['POST', '/pop/choose', { kind: 'Contact', id: bob.Id }], ['PUT', '/write', { notes: 'x' }], ['POST', '/log/retry', {}]])
    await assert.rejects(ada(method, `/api/v1/console/interactions/${bens.id}${path}`, body), (e) => e.status === 404, `${method} ${path || '/'}`);
  // Type is hidden from them: the log is written without it.
  const logs = await world.org.logs();
  assert.deepEqual(logs.map((l) => l.Type ?? null), [null, null]);
  quiet(agents.ada, agents.ben);
});
});
