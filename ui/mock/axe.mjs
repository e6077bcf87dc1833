/**
 * Checks every screen with axe (WCAG 2.2 AA and best practices) in two themes and three widths, that nothing scrolls
 * sideways down to 320 px, and that the browser has nothing to complain about under the strict policy. Needs a build.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { open, screens } from './browser.mjs';

const source = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const wanted = process.argv.slice(2);
const box = await open();
let bad = 0;
let runs = 0;
const say = (where, what) => {
  bad++;
  console.error(`${where}: ${what}`);
};

for (const theme of ['light', 'dark']) {
  for (const [name, scenario, path, act] of screens) {
    if (wanted.length && !wanted.includes(name)) continue;
    await box.scenario(scenario);
    const { page, complaints, close } = await box.page(theme, 1440);
    page.setDefaultTimeout(8000);
    try {
      await page.goto(box.base + path);
      await page.locator('main').first().waitFor();
      await page.waitForTimeout(250);
      if (act) await act(page);
      await page.waitForTimeout(120);
      await page.evaluate(source);
      for (const width of [1440, 1024, 400, 320]) {
        await page.setViewportSize({ width, height: 900 });
        const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (over > 0) say(`${name} ${theme} ${width}`, `scrolls sideways by ${over} px`);
        if (width === 320) continue;
        const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
        runs++;
        for (const v of found.violations) {
          say(`${name} ${theme} ${width}`, `${v.id} (${v.impact}): ${v.help}`);
          for (const n of v.nodes.slice(0, 3)) console.error(`    ${n.target.join(' ')}  ${(n.failureSummary ?? '').split('\n').slice(1, 3).join(' ').trim()}`);
        }
      }
    } catch (e) {
      say(`${name} ${theme}`, String(e).split('\n')[0]);
    }
    for (const c of complaints) say(`${name} ${theme}`, c);
    await close();
  }
}
await box.close();
console.log(`axe: screens=${wanted.length || screens.length} runs=${runs} faults=${bad}`);
process.exit(bad ? 1 : 0);
