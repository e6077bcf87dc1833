/** A whole shift without a mouse, against the mock: sign in, accept, choose, write, hang up, end wrap-up, reload. Needs a build. */
import assert from 'node:assert/strict';
import { open } from './browser.mjs';

const box = await open();
const { page, complaints } = await box.page('light', 1440);
page.setDefaultTimeout(8000);
const focused = () => page.evaluate(() => document.activeElement?.closest('label, button, input, textarea, tr, a')?.textContent?.trim() || document.activeElement?.getAttribute('name') || document.activeElement?.tagName);
const step = (s) => console.log(`walk: ${s}`);

await box.scenario('signed-out');
await page.goto(`${box.base}/console/`);
await page.getByLabel('User ID').focus();
await page.keyboard.type('ada');
await page.keyboard.press('Tab');
await page.keyboard.type('wrong');
await page.keyboard.press('Enter');
await page.getByText('is not right').waitFor();
await page.keyboard.type('demo');
await page.keyboard.press('Enter');
await page.getByText('Waiting for a call').waitFor();
step('signed in, the wrong password was said and replaced');

// While something is being typed an offer comes: the words and the focus stay.
await page.goto(`${box.base}/console/#/profile/security`);
await page.getByLabel('Present password').focus();
await page.keyboard.type('abc');
await box.scenario('one');
await page.waitForFunction(() => document.title.includes('is calling') || document.querySelector('[role=alert]')?.textContent.includes('Incoming'));
await page.keyboard.type('def');
assert.equal(await page.getByLabel('Present password').inputValue(), 'abcdef');
const alert = await page.locator('[role=alert]').first().textContent();
assert.match(alert, /Incoming call from Ann Okafor, queue Billing/);
step('an offer took no focus, and was said once');

await page.goto(`${box.base}/console/#/`);
await page.getByRole('article', { name: 'Ringing: Ann Okafor' }).waitFor();
await page.getByRole('heading', { name: 'Ann Okafor' }).waitFor();
await page.keyboard.press('Control+Shift+A');
await page.getByText('Connected', { exact: true }).first().waitFor();
step('accepted by key');

await page.keyboard.press('Control+Shift+M');
await page.getByRole('button', { name: 'Unmute' }).waitFor();
await page.keyboard.press('Control+Shift+M');
await page.getByRole('button', { name: 'Mute', exact: true }).waitFor();
step('muted and unmuted by key');

await page.getByLabel('Notes').focus();
await page.keyboard.type('Charged twice <b>8841</b>');
await page.getByText(/^Saved/).waitFor();
step('notes are saved while typing');

await page.waitForTimeout(400);
await page.keyboard.press('Control+Shift+E');
await page.getByRole('button', { name: 'End wrap-up' }).waitFor();
assert.equal(await page.getByLabel('Notes').inputValue(), 'Charged twice <b>8841</b>');
await page.keyboard.press('Control+Shift+U');
await page.getByText('Choose an outcome first').waitFor();
step('hung up by key; wrap-up waits for an outcome');

await page.reload();
await page.getByRole('button', { name: 'End wrap-up' }).waitFor();
assert.equal(await page.getByLabel('Notes').inputValue(), 'Charged twice <b>8841</b>');
step('a reload shows the same again');

await page.getByRole('button', { name: 'Resolved' }).focus();
await page.keyboard.press('Space');
await page.locator('.chip[aria-pressed=true]').waitFor();
await page.keyboard.press('Control+Shift+U');
await page.getByText('The task is in Salesforce').waitFor();
assert.equal(await page.locator('dd b').count(), 0);
step('wrap-up ended by key, logged, markup stayed text');

await box.scenario('several');
await page.getByText('3 records match').waitFor();
await page.getByRole('row', { name: /Ann Okafor/ }).focus();
await page.keyboard.press('ArrowDown');
assert.match(await focused(), /Bob Reyes/);
await page.keyboard.press('Enter');
await page.getByRole('heading', { name: 'Bob Reyes' }).waitFor();
assert.match(await focused(), /Bob Reyes/);
step('another match is chosen by key, the focus stays in the table');

await page.keyboard.press('Control+Shift+S');
await page.getByRole('menu').waitFor();
await page.keyboard.press('Escape');
assert.match(await focused(), /Bob Reyes/);
step('the status menu opens by key and gives the focus back');

await box.scenario('unknown');
await page.getByRole('tab', { name: 'Contact' }).focus();
await page.keyboard.press('ArrowRight');
await page.keyboard.press('ArrowRight');
await page.getByLabel('Company').waitFor();
await page.keyboard.press('Home');
await page.getByLabel('Last Name').fill('Okafor');
await page.getByLabel('Account Name').fill('acm');
await page.getByRole('option', { name: /Acme Fabrication/ }).waitFor();
await page.keyboard.press('ArrowDown');
await page.keyboard.press('Enter');
assert.equal(await page.getByLabel('Account Name').inputValue(), 'Acme Fabrication');
await page.getByRole('button', { name: 'Save Contact' }).focus();
await page.keyboard.press('Enter');
await page.getByText('may exist already').waitFor();
await page.getByRole('button', { name: 'Save anyway' }).focus();
await page.keyboard.press('Enter');
await page.getByRole('heading', { name: 'Ann Okafor' }).waitFor();
step('an unknown caller became a contact, past a duplicate warning');

assert.deepEqual(complaints, []);
await box.close();
console.log('walk: done');
