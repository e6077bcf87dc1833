/** Salesforce slow, down, or refusing: calls go on, the agent is told exactly what is wrong, and no log is lost. */
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { agent, openBrowser, quiet, settle } from '../browser.mjs';
import { asUser, taskFor, tasksFor } from '../salesforce.mjs';
import { startWorld, until } from '../world.mjs';

let world, browser, ada, sf;
before(async () => {
  [world, browser] = await Promise.all([startWorld(), openBrowser()]);
  ada = await agent(browser, world, 'ada');
  sf = await asUser(world.orgUrl, 'mia');
});
afterEach(async () => {
  await world.org.noFaults();
  await settle(world, ada);
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

test('slow: searching, then not reached, and Search again; the log is searched for and written later', async () => {
  const caller = '+14155550123';
  await world.org.fault({ kind: 'delay', delay_ms: 10000, match: { path: '^/services/data' } });
  const rang = Date.now();
  const call = await world.callFrom(caller);
  await ada.offer.waitFor();
  assert.ok(Date.now() - rang < 1500, 'the ring does not wait for Salesforce');
  await ada.customer.getByText(/Searching Salesforce/).waitFor();
  await ada.accept();
  await ada.customer.getByText(/CRM not reached/).waitFor();
  assert.equal(await call.state(), 'answered', 'the call goes on');
  assert.equal(await ada.customer.getByRole('tabpanel').count(), 0, 'not reached is not “no match”: no blank record');
  await ada.customer.getByRole('button', { name: 'Search again' }).click();
  await ada.hangUp();
  await ada.endWrapup();
  await ada.logged('(415) 555-0123').getByText(/Waiting|Writing|Trying again/).waitFor();
  await world.org.noFaults();
  const task = await taskFor(sf, caller, 25000);
  const ann = await world.org.find('Contact', 'Ann Okafor');
  assert.equal(task.WhoId, ann.Id, 'related to whom the delivery found');
  assert.equal((await tasksFor(sf, caller)).length, 1);
  quiet(ada);
});

test('slow, then well again: Search again finds the record while the call goes on', async () => {
  await world.org.fault({ kind: 'delay', delay_ms: 10000, match: { path: '^/services/data' } });
  await world.callFrom('+16045550178');
  await ada.customer.getByText(/CRM not reached/).waitFor();
  await ada.accept();
  await world.org.noFaults();
  await ada.customer.getByRole('button', { name: 'Search again' }).click();
  await ada.customer.getByRole('heading', { name: 'Priya Raman' }).waitFor();
  await ada.hangUp();
  await ada.endWrapup();
  await taskFor(sf, '+16045550178');
  quiet(ada);
});

test('down: everything works, and the Task is written when it is back', async () => {
  const caller = '+14155551212';
  await world.org.fault({ kind: 'unavailable', match: { path: '^/services/' } });
  const call = await world.callFrom(caller);
  await ada.customer.getByText(/CRM not reached/).waitFor();
  await ada.accept();
  await call.hangUp();
  await ada.wrapup();
  await ada.notes.fill('Org was down.');
  await ada.endWrapup();
  const row = ada.logged('(415) 555-1212');
  await row.getByText(/Trying again/).waitFor();
  assert.equal((await tasksFor(sf, caller).catch(() => [])).length, 0);
  await world.org.noFaults();
  const task = await taskFor(sf, caller, 25000);
  assert.match(task.Description, /Org was down\./);
  assert.ok(task.WhoId, 'related to the first match');
  quiet(ada);
});

test('an expired session is renewed without anyone noticing', async () => {
  await world.org.expireSessions('ada@demo.example');
  await world.callFrom('+14155550123');
  await ada.customer.getByRole('heading', { name: 'Ann Okafor' }).waitFor();
  await ada.accept();
  await ada.hangUp();
  await world.org.expireSessions('ada@demo.example');
  await ada.endWrapup();
  await ada.logged('Ann Okafor').getByRole('link', { name: /^Logged/ }).waitFor();
  quiet(ada);
});

test('the Salesforce password was changed: one failed login, told with its remedy, parked; saved anew, it goes', async () => {
  const caller = '+14155550188';
  await world.org.fault({ kind: 'login_fault', code: 'INVALID_LOGIN', match: { user: 'ada@demo.example' }, times: 100 });
  const twice = await world.org.tripwire({ path: '(?i)/services/(soap|oauth2/token)', user: 'ada@demo.example' }, 2);
  await world.org.expireSessions('ada@demo.example');
  await world.callFrom(caller);
  await ada.customer.getByText(/password|sign/i).first().waitFor();
  await ada.page.getByText('Salesforce: not signed on').waitFor();
  await ada.accept();
  await ada.hangUp();
  await ada.endWrapup();
  await ada.logged('(415) 555-0188').getByRole('button', { name: /Parked/ }).click();
  await ada.call.getByText(/Nothing is lost: it waits here/).waitFor();
  assert.match(await ada.call.innerText(), /INVALID_LOGIN|password|sign/i);
  assert.equal(await twice(), false, 'exactly one login was tried');

  await world.org.noFaults();
  await ada.page.getByRole('link', { name: /Salesforce: not signed on/ }).click();
  await ada.page.getByRole('heading', { name: 'External Setup' }).waitFor();
  await ada.page.getByText('Not working').waitFor();
  const form = ada.page.getByRole('main');
  await form.getByRole('textbox', { name: /^Login ID/ }).fill('ada@demo.example');
  await form.getByRole('textbox', { name: /^Password/ }).fill('demo-pass');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText(/token/i).first().waitFor();
  await form.getByText('Not working').waitFor(); // no token: said at once
  await form.getByRole('textbox', { name: /^Password/ }).fill('demo-pass');
  await form.getByRole('textbox', { name: /^Security token/ }).fill('TOKADA');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByText('Connected', { exact: true }).waitFor();
  const task = await taskFor(sf, caller, 15000);
  assert.deepEqual([task.WhoId, task.WhatId], [null, null], 'Dana has no company');
  await ada.page.getByRole('link', { name: 'Desk', exact: true }).click();
  await ada.logged('(415) 555-0188').or(ada.logged('Dana Whitlock')).getByRole('link', { name: /^Logged/ }).waitFor();
  quiet(ada);
});
