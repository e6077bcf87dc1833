/** Whatever a caller, a CRM or a colleague put into a name is shown as text, and no address but a web address becomes a link. */
import { render } from 'svelte/server';
import type { Component } from 'svelte';
import { describe, expect, it } from 'vitest';
import { accepted, call, done, matches, pop, world } from '../mock/fixtures.ts';
import { fromSnapshot } from '../kit/live.ts';
import type { Interaction } from '../api/types.ts';
import Call from './Call.svelte';
import Customer from './customer/Customer.svelte';
import { LogDraft } from './draft.svelte.ts';
import Earlier from './Earlier.svelte';
import Item from './Item.svelte';
import LogResult from './LogResult.svelte';
import Offer from './Offer.svelte';

const evil = '<img src=x onerror="alert(1)"><script>alert(2)</script>';
const link = 'javascript:alert(3)';

function desk(i: Interaction): unknown {
  return { view: fromSnapshot(world({ interactions: [i] })), busy: {}, selectedId: i.id, phone: {}, draft: (id: string) => new LogDraft(id, async () => undefined) };
}

const hostile = (): Partial<Interaction> => ({ title: evil, name: evil, aniDisplay: evil, queue: evil, channel: evil, dnisDisplay: evil });

function found(): Interaction['pop'] {
  const bad = matches.map((m) => ({ ...m, name: evil, company: evil, matchedOn: evil, url: link }));
  const p = pop(bad);
  return {
    ...p, as: evil, source: evil,
    details: {
      ...p.details!, name: evil, title: evil, company: evil, url: link,
      fields: [{ name: 'a', label: evil, value: evil, type: 'text' }, { name: 'b', label: 'b', value: link, type: 'url' }, { name: 'c', label: 'c', value: `${evil}@x`, type: 'email' }],
      cases: [{ kind: 'Case', id: '1', title: evil, note: evil, url: link }], activities: [],
    },
  };
}

function html(c: unknown, i: Interaction, extra: object = {}): string {
  return render(c as Component<Record<string, unknown>>, { props: { desk: desk(i), i, interaction: i, time: '14:02', ...extra } }).body;
}

const screens: [string, unknown, () => Interaction][] = [
  ['an offer', Offer, () => call(hostile())],
  ['a call in the list', Item, () => accepted({ ...hostile(), pop: found() })],
  ['an earlier one', Earlier, () => done('r', evil, 5, { state: 'done', tries: 1, url: link })],
  ['a parked one', Earlier, () => done('r', evil, 5, { state: 'parked', tries: 1, reason: evil })],
  ['matches and details', Customer, () => accepted({ ...hostile(), pop: found() })],
  ['a pop that failed', Customer, () => accepted({ ...hostile(), pop: { ...pop([]), state: 'not_searched', message: evil, reason: evil } })],
  ['a ringing call', Call, () => call(hostile())],
  ['a call with its log', Call, () => accepted({ ...hostile(), pop: found(), draft: { subject: evil, description: evil, disposition: evil, standAlone: false, who: { ...matches[0]!, name: evil }, why: evil } })],
  ['a log that is done', LogResult, () => done('r', evil, 5, { state: 'done', tries: 1, url: link, adjusted: [evil] })],
  ['a log that is parked', LogResult, () => done('r', evil, 5, { state: 'parked', tries: 1, reason: evil })],
];

describe('hostile words', () => {
  it.each(screens)('%s shows them as text', (_name, c, make) => {
    const out = html(c, make());
    expect(out).toContain('&lt;img');
    expect(out).not.toMatch(/<img|<script/i);
    expect(out).not.toMatch(/href="\s*javascript:/i);
  });

  it('still links what is a web address', () => {
    expect(html(LogResult, done('r', 'Ann', 5, { state: 'done', tries: 1, url: 'https://acme.my.salesforce.example/lightning/r/Task/00T1/view' }))).toContain('href="https://acme.my.salesforce.example/lightning/r/Task/00T1/view"');
  });
});
