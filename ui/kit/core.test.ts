import { describe, expect, it, vi } from 'vitest';
import { client, Problem, problemOf, sentence } from './api.ts';
import { changes, rebase, same } from './changes.ts';
import { Clock, since, span, spoken, until } from './clock.ts';
import { ago, clockTime, dateTime, day, sameDay } from './dates.ts';
import { Keys, readSaved, type KeyLike } from './keys.ts';
import { initials, safeLink } from './link.ts';
import { level } from './phone/meter.ts';
import { Ring, tone } from './ring.ts';

describe('the clock', () => {
  it('follows the server whatever this computer says, and trusts the least late message', () => {
    let mono = 1000;
    const c = new Clock(() => mono, () => 0);
    c.sync('2026-11-22T14:00:00.000Z', true);
    expect(c.now()).toBe(Date.parse('2026-11-22T14:00:00.000Z'));
    mono += 1000;
    c.sync('2026-11-22T14:00:00.700Z'); // 300 ms late: no step back
    expect(c.now()).toBe(Date.parse('2026-11-22T14:00:01.000Z'));
    c.sync('2026-11-22T14:00:01.200Z'); // the first one was late by 200 ms
    expect(c.now()).toBe(Date.parse('2026-11-22T14:00:01.200Z'));
    c.sync('not a time');
    expect(c.now()).toBe(Date.parse('2026-11-22T14:00:01.200Z'));
    c.sync('2026-11-22T13:00:00.000Z', true); // the server's clock was set back
    expect(c.now()).toBe(Date.parse('2026-11-22T13:00:00.000Z'));
  });

  it.each([
    [-5, '00:00'],
    [7_999, '00:07'],
    [252_000, '04:12'],
    [3_725_000, '1:02:05'],
  ])('span %i is %s', (ms, want) => expect(span(ms)).toBe(want));

  it('never goes below zero', () => {
    expect(since('2026-11-22T14:00:10Z', Date.parse('2026-11-22T14:00:00Z'))).toBe(0);
    expect(until('2026-11-22T14:00:00Z', Date.parse('2026-11-22T14:00:10Z'))).toBe(0);
    expect(since(undefined, 5)).toBe(0);
  });

  it('speaks', () => {
    expect([1000, 60_000, 252_000].map(spoken)).toEqual(['1 second', '1 minute', '4 minutes 12 seconds']);
  });
});

describe('dates', () => {
  it('are shown in the tenant’s zone', () => {
    expect(clockTime('2026-11-22T22:02:00Z', 'America/Los_Angeles')).toBe('14:02');
    expect(dateTime('2026-11-22T23:30:00Z', 'Europe/Berlin')).toBe('23 Nov 2026, 00:30');
    expect(clockTime('2026-11-22T22:02:00Z', 'Not/AZone')).toBe('22:02');
    expect(clockTime('0001-01-01T00:00:00Z', 'UTC')).toBe('');
    expect(sameDay('2026-11-22T23:30:00Z', Date.parse('2026-11-23T05:00:00Z'), 'Europe/Berlin')).toBe(true);
    expect(sameDay('2026-11-22T23:30:00Z', Date.parse('2026-11-23T05:00:00Z'), 'UTC')).toBe(false);
  });

  it('say days without a zone', () => {
    expect(day('2026-11-19', 2026)).toBe('19 Nov');
    expect(day('2025-01-02T00:00:00.000Z', 2026)).toBe('2 Jan 2025');
    expect(day('', 2026)).toBe('');
  });

  it.each([
    [0, 'just now'],
    [2000, '2 s ago'],
    [180_000, '3 min ago'],
    [7_200_000, '2 h ago'],
    [260_000_000, '3 days ago'],
  ])('%i ms is %s', (ms, want) => expect(ago(ms)).toBe(want));
});

const press = (key: string, part: Partial<KeyLike> = {}): KeyLike => ({ key, ctrlKey: true, shiftKey: true, altKey: false, metaKey: false, ...part });

describe('shortcuts', () => {
  it.each([
    ['A', {}, 'accept'],
    ['a', {}, 'accept'],
    ['M', {}, 'mute'],
    ['E', {}, 'hangup'],
    ['U', {}, 'endWrapup'],
    ['S', {}, 'status'],
    ['D', {}, 'reject'],
    ['A', { shiftKey: false }, null],
    ['A', { ctrlKey: false }, null],
    ['A', { altKey: true }, null],
    ['A', { repeat: true }, null],
    ['A', { getModifierState: (m: string) => m === 'AltGraph' }, null],
    ['X', {}, null],
    ['ä', {}, null],
  ])('%s %o is %s', (key, part, want) => expect(new Keys().match(press(key, part))).toBe(want));

  it('go by Command on a Mac', () => {
    const k = new Keys(undefined, true);
    expect(k.match(press('a', { ctrlKey: false, metaKey: true }))).toBe('accept');
    expect(new Keys().match(press('a', { ctrlKey: false, metaKey: true }))).toBeNull();
    expect(k.hint('accept')).toBe('⌘ ⇧ A');
  });

  it('can be switched off', () => {
    const k = new Keys({ off: true, keys: {} });
    expect(k.match(press('a'))).toBeNull();
    expect(k.hint('accept')).toBe('');
    expect(k.aria('accept')).toBeUndefined();
  });

  it('can be changed, but not to what a browser keeps nor to another’s key', () => {
    const k = new Keys();
    expect(k.bind('accept', 'T')).toMatch(/Browsers keep/);
    expect(k.bind('accept', 'm')).toMatch(/already “Mute or unmute”/);
    expect(k.bind('accept', 'Enter')).toMatch(/one letter/);
    expect(k.bind('accept', 'G')).toBe('');
    expect(k.match(press('g'))).toBe('accept');
    expect(k.match(press('a'))).toBeNull();
  });

  it('survive anything that was stored', () => {
    expect(readSaved('{"off":true,"keys":{"accept":"g","mute":"t","nonsense":"x","reject":5}}')).toEqual({ off: true, keys: { accept: 'g' } });
    for (const bad of [null, '', '[]', '{"keys":7}', 'x{']) expect(readSaved(bad)).toEqual({ off: false, keys: {} });
  });
});

describe('problems', () => {
  it('carry every fault at its field', () => {
    const p = problemOf(422, { code: 'INVALID', message: 'Nothing was saved.', errors: [{ field: 'a', code: 'X', message: 'One.' }, { field: 'a', code: 'Y', message: 'Two.' }, { field: 'b', code: 'X', message: 'Three.' }], requestId: 'r1' });
    expect(p).toMatchObject({ status: 422, code: 'INVALID', message: 'Nothing was saved.', requestId: 'r1' });
    expect(p.fields).toEqual({ a: 'One. Two.', b: 'Three.' });
  });

  it.each([
    [401, null, /signed out/],
    [404, '<html>nginx</html>', /no longer exists/],
    [502, {}, /server had a fault/],
    [418, { message: 7, errors: 'x' }, /refused/],
  ])('%i %o has a sentence', (status, body, want) => {
    const p = problemOf(status, body);
    expect(p.message).toMatch(want);
    expect(p.errors).toEqual([]);
  });

  it('are thrown, also when nobody answers', async () => {
    const down = client(() => Promise.reject(new TypeError('failed')));
    await expect(down.get('/x')).rejects.toMatchObject({ status: 0, code: 'UNREACHABLE', unreachable: true });
    const late = client(() => Promise.reject(new DOMException('', 'TimeoutError')));
    await expect(late.get('/x')).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  it('tell the page that the session ended, but not while signing in', async () => {
    const c = client(async () => new Response('{"code":"SIGNED_OUT","message":"You are signed out."}', { status: 401 }));
    const out = vi.fn();
    c.onSignedOut = out;
    await expect(c.post('/api/v1/session', {})).rejects.toBeInstanceOf(Problem);
    expect(out).not.toHaveBeenCalled();
    await expect(c.get('/api/v1/profile/crm')).rejects.toBeInstanceOf(Problem);
    expect(out).toHaveBeenCalledOnce();
  });

  it('send changes as JSON, also when there is nothing to say', async () => {
    const seen: RequestInit[] = [];
    const c = client(async (_u, init) => {
      seen.push(init!);
      return new Response(null, { status: 204 });
    });
    expect(await c.post('/x')).toBeUndefined();
    expect(seen[0]).toMatchObject({ method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json' } });
  });

  it('never show what is not meant for people', () => {
    expect(sentence(new TypeError('x is undefined'))).not.toMatch(/undefined/);
  });
});

describe('links', () => {
  it.each([
    ['https://acme.my.salesforce.com/x', 'https://acme.my.salesforce.com/x'],
    ['http://127.0.0.1:8090/r/1', 'http://127.0.0.1:8090/r/1'],
    ['http://localhost:8090/', 'http://localhost:8090/'],
    ['http://[::1]:8090/', 'http://[::1]:8090/'],
    ['http://acme.example/', undefined],
    ['http://127.0.0.1.evil.example/', undefined],
    ['javascript:alert(1)', undefined],
    ['data:text/html,<script>', undefined],
    [' java\nscript:alert(1)', undefined],
    ['https://user:pw@acme.example/', undefined],
    ['/relative', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s → %s', (url, want) => expect(safeLink(url)).toBe(want));

  it('initials come from any name', () => {
    expect(['Ann Okafor', 'ada', '+1 415', '<b>x</b>', '', '  ', 'Émile de la Tour'].map(initials)).toEqual(['AO', 'A', '14', 'B', '?', '?', 'ÉT']);
  });
});

describe('documents', () => {
  it('count their changes', () => {
    const a = { version: 1, name: 'x', t: { offered: true, accepted: false }, list: [1, 2] };
    expect(changes(a, structuredClone(a))).toEqual([]);
    expect(changes(a, { ...a, name: 'y', t: { offered: false, accepted: true }, list: [2, 1] })).toEqual(['name', 't.offered', 't.accepted', 'list']);
    expect(same({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true);
    expect(same([1], [1, 2])).toBe(false);
  });

  it('carry own changes over to somebody else’s version', () => {
    const base = { name: 'x', priority: 5, t: { offered: true, accepted: false }, list: ['a'] };
    const mine = { name: 'mine', priority: 5, t: { offered: false, accepted: false }, list: ['a'] };
    const theirs = { name: 'theirs', priority: 9, t: { offered: true, accepted: true }, list: ['a', 'b'] };
    expect(rebase(base, mine, theirs)).toEqual({ name: 'mine', priority: 9, t: { offered: false, accepted: true }, list: ['a', 'b'] });
  });
});

describe('sound', () => {
  it('a ring is heard, and never clips', () => {
    const t = tone(8000);
    expect(t).toHaveLength(24_000);
    const peak = Math.max(...t.map(Math.abs));
    expect(peak).toBeGreaterThan(0.2);
    expect(peak).toBeLessThan(1);
    expect(t.slice(-800).every((x) => Math.abs(x) < 0.01)).toBe(true); // no click where it loops
  });

  it('the tone is made once, before the first ring: a ringing card must not wait for it', () => {
    let made = 0;
    const node = (): object => ({ connect: (to: object) => to, disconnect: () => {}, start: () => {}, stop: () => {}, gain: { value: 0 } });
    const buffer = { getChannelData: () => new Float32Array(24_000) };
    const played: unknown[] = [];
    const context = {
      sampleRate: 8000,
      state: 'running',
      destination: {},
      resume: async () => {},
      createBuffer: () => (made++, buffer),
      createGain: node,
      createBufferSource: () => {
        const n = node();
        Object.defineProperty(n, 'buffer', { set: (b: unknown) => played.push(b) });
        return n;
      },
    };
    const ring = new Ring(() => context as unknown as AudioContext, () => {});
    ring.probe();
    expect(made).toBe(1);
    ring.start('a/1');
    ring.start('b/1');
    ring.stop();
    expect(made).toBe(1);
    expect(played).toEqual([buffer, buffer]);
  });

  it('a level goes from silence to loud', () => {
    expect(level(new Float32Array(512))).toBe(0);
    expect(level(new Float32Array(512).fill(1))).toBe(1);
    const mid = level(new Float32Array(512).fill(0.03));
    expect(mid).toBeGreaterThan(0.3);
    expect(mid).toBeLessThan(0.8);
  });
});
