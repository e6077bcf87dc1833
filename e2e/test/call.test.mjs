/** A call from its first ring to its Task: one match, many, none, withheld (SPEC ACC-1…3), by mouse and by keyboard. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, afterEach, before, test } from 'node:test';
import { agent, heardInPage, openBrowser, quiet, settle } from '../browser.mjs';
import { asUser, taskFor, tasksFor } from '../salesforce.mjs';
import { BILLING, MAIN, program, startWorld, until } from '../world.mjs';

let world, browser, ada, sf, adaId;

before(async () => {
  [world, browser] = await Promise.all([startWorld(), openBrowser()]);
  ada = await agent(browser, world, 'ada');
  sf = await asUser(world.orgUrl, 'ada');
  adaId = (await sf.query("SELECT Id FROM User WHERE Username = 'ada@demo.example'")).records[0].Id;
});
afterEach(() => settle(world, ada));
after(async () => {
  await browser?.close();
  await world?.stop();
});

test('one match: rings with the record, both hear each other, the Task holds every field', async () => {
  const caller = '+14155550123';
  const customer = await world.listener(caller, { to: BILLING, name: 'ANN O' });
  await ada.offer.waitFor();
  await ada.customer.getByRole('heading', { name: 'Ann Okafor' }).waitFor();
  const pane = await ada.customer.innerText();
  for (const said of ['Acme Fabrication', 'Head of Procurement', '(415) 555-0123', 'ann@acme.example', 'Delivery of spindle housings incomplete', 'Quote for Q4 tooling']) assert.ok(pane.includes(said), `the pane says ${said}: ${pane}`);
  assert.equal(await ada.acceptButton.isVisible(), true, 'it still rings');
  assert.match(await ada.offer.innerText(), /Ann Okafor[\s\S]*Billing/);
  assert.match(await ada.call.innerText(), /not verified/);

  await ada.accept();
  const heard = await until('the customer’s 440 Hz in the browser', async () => {
    const h = await heardInPage(ada.page);
    return h.db > -60 && Math.abs(h.hz - 440) < 20 ? h : null;
  });
  assert.ok(heard.db > -60);
  await until('the agent’s 1000 Hz at the customer', () => customer.shares().slice(-5).some((s) => s > 0.6));

  await ada.page.getByRole('button', { name: /^Mute/ }).click();
  await ada.page.getByText('Connected, muted').first().waitFor();
  await until('silence at the customer while muted', () => customer.shares().length > 12 && customer.shares().slice(-8).every((s) => s < 0.2));
  await ada.page.getByRole('button', { name: /^Unmute/ }).click();
  await until('the agent again', () => customer.shares().slice(-3).some((s) => s > 0.6));

  await ada.hangUp();
  await until('the customer’s line is closed', () => customer.has('ended'));
  await ada.notes.fill('Wants the housings by Friday.\nCall back before noon.');
  await ada.endWrapupButton.click();
  await ada.page.getByText(/code|outcome/i).filter({ hasText: /choose|need/i }).first().waitFor();
  await ada.wrapup();
  ada.expect(/status of (409|422) .*\/end-wrapup$/);
  assert.equal((await tasksFor(sf, caller)).length, 0, 'nothing is written before wrap-up ends');
  await ada.page.getByRole('button', { name: 'Resolved' }).click();
  await ada.endWrapup();

  const task = await taskFor(sf, caller);
  const ann = await world.org.find('Contact', 'Ann Okafor');
  const acme = await world.org.find('Account', 'Acme Fabrication');
  const today = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York' }).format(new Date());
  assert.match(task.Subject, /^Inbound call \+14155550123 \d{4}-\d\d-\d\d \d\d:\d\d$/);
  const { CallObject, CC_Interaction_Key__c: key, Description, CallDurationInSeconds: seconds } = task;
  assert.deepEqual(
    { Status: task.Status, Priority: task.Priority, ActivityDate: task.ActivityDate, OwnerId: task.OwnerId, Type: task.Type, TaskSubtype: task.TaskSubtype, CallType: task.CallType, CallDisposition: task.CallDisposition, WhoId: task.WhoId, WhatId: task.WhatId },
    { Status: 'Completed', Priority: 'Normal', ActivityDate: today, OwnerId: adaId, Type: 'Call', TaskSubtype: 'Call', CallType: 'Inbound', CallDisposition: 'Resolved', WhoId: ann.Id, WhatId: acme.Id },
  );
  assert.match(CallObject, /^int-[0-9a-f]+-[A-Za-z0-9]{24}-phone-\d\d-acme\/1$/);
  assert.match(key, /^[a-z2-7]{52}$/);
  assert.ok(seconds >= 1 && seconds <= 60, `talked ${seconds} s`);
  for (const line of [/^Call type: Inbound/m, /^Answered/m, /^Hung up/m, /^Duration: 00:00:\d\d$/m, /^Interaction ID: int-/m, /^Transaction number: \d+$/m, /^Customer number: \+14155550123$/m, /^Channel: Billing line$/m, /^Queue: Billing$/m, /^Ended by: .*/m, /Wants the housings by Friday\.\nCall back before noon\./])
    assert.match(Description, line);

  const row = ada.logged('Ann Okafor');
  const link = row.getByRole('link', { name: /^Logged/ });
  await link.waitFor();
  const [tab] = await Promise.all([ada.page.context().waitForEvent('page'), link.click()]);
  await tab.getByRole('heading', { name: task.Subject }).waitFor();
  assert.match(tab.url(), new RegExp(`${task.Id.slice(0, 15)}`));
  await tab.close();
  assert.equal((await tasksFor(sf, caller)).length, 1, 'exactly one');
  assert.equal((await world.org.ledger('Task')).filter((e) => JSON.stringify(e).includes(key)).length, 1, 'written once');
  quiet(ada);
});

test('many matches: a table of three; the one that is chosen gets the log, else the first', async () => {
  const caller = '+14155551212';
  const first = await world.callFrom(caller);
  await ada.matches.waitFor();
  const rows = ada.matches.getByRole('row').filter({ hasNot: ada.page.getByRole('columnheader') });
  assert.equal(await rows.count(), 3);
  const table = await ada.matches.innerText();
  for (const said of ['Ann Beck', 'Bob Reyes', 'Kim Acheson', 'Acme Fabrication', 'Bayline Freight', 'Contact', 'Lead']) assert.ok(table.includes(said), `the table says ${said}`);
  assert.match(await rows.nth(0).innerText(), /Ann Beck/);
  await ada.customer.getByRole('heading', { name: 'Ann Beck' }).waitFor();
  await ada.accept();
  await ada.matches.getByRole('row', { name: /Bob Reyes/ }).click();
  await ada.customer.getByRole('heading', { name: 'Bob Reyes' }).waitFor();
  await ada.hangUp();
  assert.equal(await first.state(), 'ended');
  await ada.endWrapup();
  const bob = await world.org.find('Contact', 'Bob Reyes');
  assert.equal((await taskFor(sf, caller)).WhoId, bob.Id);

  await world.callFrom(caller);
  await ada.matches.waitFor();
  await ada.accept();
  await ada.hangUp();
  await ada.endWrapup();
  const both = await until('two Tasks', async () => {
    const all = await tasksFor(sf, caller);
    return all.length === 2 ? all : null;
  });
  const ann = await world.org.find('Contact', 'Ann Beck');
  assert.deepEqual(both.map((t) => t.WhoId).sort(), [bob.Id, ann.Id].sort());
  quiet(ada);
});

test('an unknown number: the blank Contact, saved, gets the log, and the next call finds it', async () => {
  const caller = '+14155550199';
  await world.callFrom(caller, { name: 'Nina van Dyke' });
  await ada.customer.getByText(/No record has/).waitFor();
  assert.equal(await ada.customer.getByRole('tab', { name: 'Contact', selected: true }).count(), 1);
  const form = ada.customer.getByRole('tabpanel');
  await form.getByLabel(/^Last Name/).waitFor();
  assert.equal(await form.getByLabel(/^(Business )?Phone$/).first().inputValue(), '+14155550199');
  assert.equal(await form.getByLabel(/^Last Name/).inputValue(), 'Dyke');
  assert.equal(await form.getByLabel(/^First Name/).inputValue(), 'Nina van');
  await ada.accept();

  await form.getByLabel(/^Last Name/).fill('');
  await form.getByRole('button', { name: /^Save/ }).click();
  await form.getByText(/Enter Last Name/).waitFor();
  await form.getByLabel(/^Last Name/).fill('van Dyke');
  await form.getByLabel(/^First Name/).fill('Nina');
  const bayline = await world.org.find('Account', 'Bayline Freight');
  await form.getByLabel(/^Account/).fill('bayline');
  await form.getByRole('option', { name: /Bayline Freight/ }).click();
  await form.getByRole('button', { name: /^Save/ }).click();
  await ada.customer.getByRole('heading', { name: 'Nina van Dyke' }).waitFor();
  await ada.hangUp();
  await ada.endWrapup();
  const nina = await world.org.find('Contact', 'Nina van Dyke');
  assert.equal(nina.AccountId, bayline.Id);
  assert.equal(nina.CreatedById, adaId, 'created as the agent');
  const task = await taskFor(sf, caller);
  assert.deepEqual([task.WhoId, task.WhatId], [nina.Id, bayline.Id]);

  const again = await world.callFrom(caller);
  await ada.customer.getByRole('heading', { name: 'Nina van Dyke' }).waitFor();
  await ada.accept();
  await again.hangUp();
  await ada.wrapup();
  assert.match(await ada.call.innerText(), /The caller hung up/);
  await ada.endWrapup();
  quiet(ada);
});

test('a withheld number: said so, nothing searched, the log stands alone', async () => {
  const searched = await world.org.tripwire({ path: '/(search|parameterizedSearch|query)' });
  const known = new Set((await world.org.logs()).map((t) => t.Id));
  await world.callFrom('');
  await ada.customer.getByText(/no match: number withheld/i).waitFor();
  const phone = ada.customer.getByRole('tabpanel').getByLabel(/^(Business )?Phone$/).first();
  assert.equal(await phone.inputValue(), '');
  assert.match(await ada.offer.innerText(), /Number withheld/);
  await ada.accept();
  await ada.hangUp();
  assert.match(await ada.call.innerText(), /the log stands alone/);
  await ada.endWrapup();
  const task = (await world.org.waitLogs(known.size + 1)).find((t) => !known.has(t.Id));
  assert.deepEqual([task.WhoId ?? null, task.WhatId ?? null], [null, null]);
  assert.equal(await searched(), false, 'nothing was searched');
  await world.org.noFaults();
  quiet(ada);
});

test('a contact without a company: his log stands alone', async () => {
  const caller = '+14155550188';
  await world.callFrom(caller);
  await ada.customer.getByRole('heading', { name: 'Dana Whitlock' }).waitFor();
  await ada.accept();
  await ada.hangUp();
  await ada.endWrapup();
  const task = await taskFor(sf, caller);
  assert.deepEqual([task.WhoId, task.WhatId], [null, null]);
  quiet(ada);
});

test('a caller’s name and a record with markup are text', async () => {
  const evil = '<img src=x onerror=window.__x=1>';
  await sf.sobject('Contact').create({ LastName: evil, FirstName: '</script><b>x', Phone: '+14155557777', Title: '"><svg onload=window.__x=1>' });
  await world.callFrom('+14155557777', { name: evil });
  await ada.customer.getByRole('heading', { name: evil }).waitFor();
  await ada.accept();
  await ada.page.getByText(evil).first().waitFor();
  await ada.hangUp();
  await ada.notes.fill(evil);
  await ada.endWrapup();
  await taskFor(sf, '+14155557777');
  await ada.logged(evil).getByRole('link', { name: /^Logged/ }).waitFor();

  await world.callFrom('+14155557778', { name: evil });
  await ada.customer.getByText(/No record has/).waitFor();
  await ada.accept();
  await ada.call.getByText(evil).waitFor();
  await ada.hangUp();
  await ada.endWrapup();
  assert.equal(await ada.page.evaluate(() => globalThis.__x), undefined);
  assert.equal(await ada.page.locator('img, b:text-is("x")').count(), 0);
  quiet(ada);
});

test('notes: 20,000 characters are kept whole, more are refused with both numbers', async () => {
  const caller = '+14155550155';
  await world.callFrom(caller);
  await ada.offer.waitFor();
  await ada.accept();
  await ada.hangUp();
  const notes = ada.notes;
  ada.expect(/status of 422/);
  await notes.fill('n'.repeat(20001));
  await ada.call.getByText(/20,?000.*20,?001|20,?001.*20,?000/).first().waitFor();
  await notes.fill('n'.repeat(19990) + ' the end.');
  await ada.call.getByText(/^Saved/).waitFor();
  await ada.endWrapup();
  assert.match((await taskFor(sf, caller)).Description, /n{19990} the end\./);
  quiet(ada);
});

test('by keyboard alone: from the ring to the Task', async () => {
  const caller = '+16045550178';
  const press = (k) => ada.page.keyboard.press(k);
  await world.callFrom(caller);
  await ada.customer.getByRole('heading', { name: 'Priya Raman' }).waitFor();
  await press('Control+Shift+A');
  await ada.connected();
  await press('Control+Shift+M');
  await ada.page.getByText('Connected, muted').first().waitFor();
  await press('Control+Shift+M');
  await ada.connected();
  await ada.page.waitForTimeout(350);
  await press('Control+Shift+E');
  await ada.wrapup();
  const inNotes = () => ada.page.evaluate(() => document.activeElement?.tagName === 'TEXTAREA');
  for (let n = 0; n < 60 && !(await inNotes()); n++) await press('Tab');
  assert.ok(await inNotes(), 'Notes are reached with Tab');
  await ada.page.keyboard.type('Typed, not clicked.');
  await press('Control+Shift+U');
  await ada.status('Available').waitFor();
  assert.match((await taskFor(sf, caller)).Description, /Typed, not clicked\./);
  await press('Control+Shift+S');
  await ada.page.getByRole('menuitemradio', { name: 'On Break' }).waitFor();
  for (let n = 0; n < 5 && !(await ada.page.evaluate(() => document.activeElement?.textContent?.includes('On Break'))); n++) await press('ArrowDown');
  await press('Enter');
  await ada.status('On Break').waitFor();
  const onReady = () => ada.page.evaluate(() => document.activeElement?.tagName === 'BUTTON' && document.activeElement.textContent?.trim() === 'Ready to work');
  for (let n = 0; n < 60 && !(await onReady()); n++) await press('Tab');
  assert.ok(await onReady(), 'Ready to work is reached with Tab');
  await press('Enter');
  await ada.status('Available').waitFor();
  quiet(ada);
});

test('`cordboard customer call` is answered and hears the agent', async () => {
  const cli = spawn(program, ['customer', 'call', '--server', world.sip, '--from', '+14155550123', '--to', MAIN, '--talk', '2s'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  cli.stderr.on('data', (b) => (said += b));
  const gone = once(cli, 'exit');
  await ada.offer.waitFor();
  await ada.accept();
  const [code] = await gone;
  assert.equal(code, 0, said);
  assert.ok(Number(/heard ([\d.]+) s/.exec(said)?.[1]) > 1, said);
  await ada.wrapup();
  await ada.endWrapup();

  const nobody = spawn(program, ['customer', 'call', '--server', world.sip, '--from', '+14155550123', '--to', '+18005550000'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let why = '';
  nobody.stderr.on('data', (b) => (why += b));
  const [refused] = await once(nobody, 'exit');
  assert.notEqual(refused, 0);
  assert.match(why, /refused/i);
  quiet(ada);
});
