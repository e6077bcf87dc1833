import { describe, expect, it } from 'vitest';
import { find, settings } from './settings.ts';

const sources = Object.values(import.meta.glob<string>('./*.svelte', { query: '?raw', import: 'default', eager: true })).join('\n');

describe('the search of settings', () => {
  it.each([
    ['time zone', 'Time zone'],
    ['zone', 'Time zone'],
    ['JWT cert', 'JWT certificate'],
    ['trigger popup', 'Trigger a popup window'],
    ['fallback decline', undefined],
    ['decline', 'Allow agents to reject interactions'],
    ['sip passw', 'Users'],
    ['', undefined],
    ['  ', undefined],
  ])('%s finds %s', (query, want) => expect(find(query)[0]?.name).toBe(want));

  it('puts names before other words', () => {
    expect(find('sign-on')[0]?.name).toBe('Permitted sign-on kinds');
  });

  it('leads to a row that is there', () => {
    for (const s of settings) if (s.at) expect(sources, s.name).toContain(`at="${s.at}"`);
  });

  it('calls every row by the name it has on its page', () => {
    for (const s of settings) if (s.at) expect(sources, s.at).toContain(`name="${s.name}"`);
  });
});
