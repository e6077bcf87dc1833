/** Photographs the screens: node mock/pictures.mjs [name…]; THEMES, WIDTHS and OUT may be set. Needs a build. */
import { mkdirSync } from 'node:fs';
import { open, screens } from './browser.mjs';

const wanted = process.argv.slice(2);
const themes = (process.env.THEMES ?? 'light,dark').split(',');
const widths = (process.env.WIDTHS ?? '1440,1024,400').split(',').map(Number);
const out = process.env.OUT ?? '../build/pictures';
mkdirSync(out, { recursive: true });

const box = await open();
let bad = 0;
for (const [name, scenario, path, act] of screens) {
  if (wanted.length && !wanted.includes(name)) continue;
  for (const theme of themes) {
    for (const width of widths) {
      await box.scenario(scenario);
      const { page, complaints, close } = await box.page(theme, width);
      try {
        await page.goto(box.base + path);
        await page.locator('main').first().waitFor();
        await page.waitForTimeout(350);
        if (act) await act(page);
        await page.waitForTimeout(200);
        await page.screenshot({ path: `${out}/${name}-${theme}-${width}.png`, fullPage: width < 1100 });
      } catch (e) {
        bad++;
        console.error(`${name} ${theme} ${width}: ${String(e).split('\n')[0]}`);
      }
      for (const c of complaints) {
        bad++;
        console.error(`${name} ${theme} ${width}: ${c}`);
      }
      await close();
    }
  }
}
await box.close();
process.exit(bad ? 1 : 0);
