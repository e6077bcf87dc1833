import { describe, expect, it } from 'vitest';
import type { Delta, Interaction, Snapshot } from '../api/types.ts';
import { fromSnapshot, isOpen, Live, reduce, wait, withInteraction, type Line, type LiveDeps, type View } from './live.ts';

const agent = { id: 'ag1', status: 4 as const, statusName: 'Available', since: '2026-11-22T14:00:00.000Z', reason: 'choice', by: 'ag1' };

function one(id: string, part: Partial<Interaction> = {}): Interaction {
  return {
    id, transaction: 1, medium: 'phone', state: 'offered', role: 'offered', ani: '+14155551212', aniDisplay: '+1 415 555 1212', withheld: false, name: '', title: id, dnis: '', dnisDisplay: '', email: '', caseNumber: '',
    queue: 'Billing', channel: '', createdAt: '2026-11-22T14:00:00.000Z', waitSeconds: 0, offer: { number: 1, at: '2026-11-22T14:00:00.000Z', deadline: '2026-11-22T14:00:30.000Z', byDevice: false }, muted: false,
    codeLists: [], wrapupSeconds: 30, version: 1, ...part,
  };
}

function handled(id: string, state: 'accepted' | 'wrapup' | 'closed', version: number): Interaction {
  return one(id, {
    role: state === 'closed' ? 'done' : 'handling', state, offer: undefined, version,
    handling: { number: 1, state, acceptedAt: '2026-11-22T14:00:05.000Z', stopped: false, codesNeeded: false, codesMissing: false, codes: [], endedBy: '', reason: '', talkSeconds: 0, notes: '' },
  });
}

function snapshot(part: Partial<Snapshot> = {}): Snapshot {
  return {
    n: 10, at: '2026-11-22T14:00:00.000Z', me: {} as never, agent, interactions: [], recent: [], waiting: { waiting: 0, available: 0, signedIn: 0 }, phone: {} as never, crm: {} as never, codeLists: [], settings: {} as never, ...part,
  };
}

const delta = (n: number, interaction?: Interaction): Delta => ({ n, at: '2026-11-22T14:00:01.000Z', agent, interaction });

describe('the view', () => {
  it('sorts a snapshot: ringing first, then the oldest; finished ones apart', () => {
    const v = fromSnapshot(snapshot({ interactions: [handled('b', 'accepted', 1), one('c'), { ...handled('a', 'wrapup', 1), createdAt: '2026-11-22T13:00:00.000Z' }], recent: [handled('z', 'closed', 9)] }));
    expect(v.open.map((i) => i.id)).toEqual(['c', 'a', 'b']);
    expect(v.recent.map((i) => i.id)).toEqual(['z']);
  });

  it('shows an interaction once, even when a snapshot lists it twice', () => {
    const v = fromSnapshot(snapshot({ interactions: [handled('a', 'accepted', 2)], recent: [handled('a', 'closed', 1)] }));
    expect(v.open.map((i) => i.id)).toEqual(['a']);
    expect(v.recent).toEqual([]);
  });

  it('takes lists that are null for empty ones', () => {
    const bad = { ...handled('a', 'accepted', 1), codeLists: null, pop: { state: 'found', matches: null, chosen: null, details: { fields: null, cases: null, activities: null } } } as unknown as Interaction;
    const v = fromSnapshot(snapshot({ interactions: [bad], recent: null as never, codeLists: null as never }));
    expect(v.open[0]).toMatchObject({ codeLists: [], pop: { matches: [], chosen: { id: '' }, details: { fields: [], cases: [], activities: [] } } });
  });

  it('moves an interaction from offered over handling to recent', () => {
    let v = fromSnapshot(snapshot());
    for (const [n, i] of [one('a'), handled('a', 'accepted', 2), handled('a', 'wrapup', 3), handled('a', 'closed', 4)].entries()) {
      const r = reduce(v, delta(11 + n, i));
      expect(r.outcome).toBe('applied');
      v = r.view;
    }
    expect(v.open).toEqual([]);
    expect(v.recent.map((i) => [i.id, i.version])).toEqual([['a', 4]]);
  });

  it('moves an offer that went to somebody else out of the open ones', () => {
    const v = reduce(fromSnapshot(snapshot({ interactions: [one('a')] })), delta(11, one('a', { role: 'passed', state: 'queued', version: 2 }))).view;
    expect(v.open).toEqual([]);
    expect(v.recent[0]?.role).toBe('passed');
  });

  it('brings a passed one back when it is offered again', () => {
    const v = fromSnapshot(snapshot({ interactions: [one('a', { role: 'passed', state: 'queued' })] }));
    const w = reduce(v, delta(11, one('a', { version: 3, offer: { number: 2, at: '', deadline: '', byDevice: false } }))).view;
    expect(w.open.map((i) => i.id)).toEqual(['a']);
    expect(w.recent).toEqual([]);
  });

  it('keeps a log that changes later in its place', () => {
    const v = fromSnapshot(snapshot({ recent: [{ ...handled('a', 'closed', 1), createdAt: '2026-11-22T14:01:00.000Z' }, handled('b', 'closed', 1)] }));
    const w = withInteraction(v, { ...handled('b', 'closed', 2), log: { state: 'done', tries: 1 } });
    expect(w.recent.map((i) => [i.id, i.log?.state])).toEqual([['a', undefined], ['b', 'done']]);
  });

  it('lets no older version win over a newer one', () => {
    const v = withInteraction(fromSnapshot(snapshot()), handled('a', 'wrapup', 5));
    expect(withInteraction(v, handled('a', 'accepted', 4)).open[0]?.state).toBe('wrapup');
  });

  it.each([
    [10, 'old'],
    [9, 'old'],
    [11, 'applied'],
    [12, 'gap'],
  ])('numbers: %i after 10 is %s', (n, outcome) => {
    const v = fromSnapshot(snapshot());
    const r = reduce(v, delta(n, one('a')));
    expect(r.outcome).toBe(outcome);
    if (outcome !== 'applied') expect(r.view).toBe(v);
  });

  it('is open while it is offered or handled', () => {
    expect(isOpen(one('a'))).toBe(true);
    expect(isOpen(one('a', { state: 'queued' }))).toBe(false);
    expect(isOpen(handled('a', 'wrapup', 1))).toBe(true);
    expect(isOpen(handled('a', 'closed', 1))).toBe(false);
    expect(isOpen(one('a', { role: 'left', state: 'abandoned' }))).toBe(false);
  });
});

/** A server whose streams the test writes, and timers that the test fires. */
function stage() {
  const streams: { push: (text: string) => void; end: () => void; signal: AbortSignal }[] = [];
  let status = 200;
  let timers: { id: number; f: () => void; ms: number }[] = [];
  let next = 1;
  let clock = 0;
  const deps: LiveDeps = {
    fetch: async (_url, init) => {
      const signal = init!.signal!;
      if (status !== 200) return new Response(null, { status });
      const enc = new TextEncoder();
      let ctl!: ReadableStreamDefaultController<Uint8Array>;
      const body = new ReadableStream<Uint8Array>({ start: (c) => void (ctl = c) });
      signal.addEventListener('abort', () => ctl.error(new DOMException('aborted', 'AbortError')));
      streams.push({ push: (t) => ctl.enqueue(enc.encode(t)), end: () => ctl.close(), signal });
      return new Response(body, { status: 200 });
    },
    setTimeout: (f, ms) => {
      timers.push({ id: next, f, ms });
      return next++;
    },
    clearTimeout: (t) => void (timers = timers.filter((x) => x.id !== t)),
    now: () => clock,
    random: () => 0.5,
  };
  const views: View[] = [];
  const lines: Line[] = [];
  const byes: string[] = [];
  const live = new Live('/stream', { view: (v) => views.push(v), line: (l) => lines.push(l), bye: (r) => byes.push(r) }, deps);
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 30; i++) await Promise.resolve();
    await new Promise<void>((r) => setTimeout(r));
  };
  return {
    live, views, lines, byes, streams, settle,
    send: async (event: string, data: unknown) => {
      streams.at(-1)!.push(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
      await settle();
    },
    answer: (s: number) => (status = s),
    pass: (ms: number) => (clock += ms),
    /** Fires the timer of that kind: the retry, or the watch for silence. */
    fire: async (which: 'retry' | 'silence') => {
      const t = timers.find((x) => (which === 'silence' ? x.ms === 25_000 : x.ms !== 25_000));
      if (!t) throw new Error(`no timer: ${which}`);
      timers = timers.filter((x) => x !== t);
      t.f();
      await settle();
    },
    waiting: () => timers.filter((x) => x.ms !== 25_000).map((x) => x.ms),
  };
}

describe('the connection', () => {
  it('is ok from the first snapshot on and follows deltas and unnumbered parts', async () => {
    const s = stage();
    s.live.start();
    await s.settle();
    await s.send('snapshot', snapshot());
    await s.send('delta', delta(11, one('a')));
    await s.send('waiting', { waiting: 4, available: 1, signedIn: 2 });
    expect(s.lines).toEqual(['ok']);
    expect(s.views.at(-1)).toMatchObject({ n: 11, waiting: { waiting: 4 } });
    s.live.stop();
  });

  it('opens again after a break and takes the new snapshot whole', async () => {
    const s = stage();
    s.live.start();
    await s.settle();
    await s.send('snapshot', snapshot({ interactions: [one('a')] }));
    s.streams[0]!.end();
    await s.settle();
    expect(s.lines).toEqual(['ok', 'reconnecting']);
    await s.fire('retry');
    await s.send('snapshot', snapshot({ n: 20 }));
    expect(s.lines.at(-1)).toBe('ok');
    expect(s.views.at(-1)).toMatchObject({ n: 20, open: [] });
    s.live.stop();
  });

  it('asks for a new snapshot when a number is missing, and shows nothing half', async () => {
    const s = stage();
    s.live.start();
    await s.settle();
    await s.send('snapshot', snapshot());
    await s.send('delta', delta(13, one('a')));
    expect(s.views.at(-1)).toMatchObject({ n: 10, open: [] });
    expect(s.streams[0]!.signal.aborted).toBe(true);
    await s.fire('retry');
    expect(s.streams).toHaveLength(2);
    s.live.stop();
  });

  it('notices a line that is silent although it stands', async () => {
    const s = stage();
    s.live.start();
    await s.settle();
    await s.send('snapshot', snapshot());
    s.streams[0]!.push(': ping\n\n');
    await s.settle();
    await s.fire('silence');
    expect(s.lines.at(-1)).toBe('reconnecting');
    s.live.stop();
  });

  it('calls it lost after half a minute, and heals all the same', async () => {
    const s = stage();
    s.live.start();
    await s.settle();
    await s.send('snapshot', snapshot());
    s.answer(503);
    s.streams[0]!.end();
    await s.settle();
    for (let i = 0; i < 4; i++) {
      s.pass(10_000);
      await s.fire('retry');
    }
    expect(s.lines).toEqual(['ok', 'reconnecting', 'lost']);
    s.answer(200);
    await s.fire('retry');
    await s.send('snapshot', snapshot({ n: 11 }));
    expect(s.lines.at(-1)).toBe('ok');
    s.live.stop();
  });

  it('tries at once when the network is back', async () => {
    const s = stage();
    s.live.start();
    await s.settle();
    await s.send('snapshot', snapshot());
    s.streams[0]!.end();
    await s.settle();
    s.live.nudge();
    await s.settle();
    expect(s.streams).toHaveLength(2);
    expect(s.waiting()).toEqual([]);
    s.live.stop();
  });

  it.each([
    [401, 'signed-out'],
    [403, 'forbidden'],
  ])('ends on %i and does not try again', async (status, why) => {
    const s = stage();
    s.answer(status);
    s.live.start();
    await s.settle();
    expect(s.byes).toEqual([why]);
    expect(s.waiting()).toEqual([]);
  });

  it('ends when the server says goodbye', async () => {
    const s = stage();
    s.live.start();
    await s.settle();
    await s.send('snapshot', snapshot());
    await s.send('bye', { reason: 'limit' });
    expect(s.byes).toEqual(['limit']);
    expect(s.waiting()).toEqual([]);
  });

  it('takes the answer of a command ahead of its delta', async () => {
    const s = stage();
    s.live.start();
    await s.settle();
    await s.send('snapshot', snapshot({ interactions: [one('a')] }));
    s.live.merge(handled('a', 'accepted', 2), s.live.mark());
    expect(s.views.at(-1)?.open[0]?.role).toBe('handling');
    await s.send('delta', delta(11, handled('a', 'accepted', 2)));
    expect(s.views.at(-1)).toMatchObject({ n: 11 });
    s.live.stop();
  });

  it('lets no late answer undo what the stream said meanwhile', async () => {
    const s = stage();
    s.live.start();
    await s.settle();
    await s.send('snapshot', snapshot({ interactions: [handled('a', 'wrapup', 4)] }));
    const mark = s.live.mark();
    await s.send('delta', delta(11, { ...handled('a', 'closed', 5), log: { state: 'waiting', tries: 0 } }));
    await s.send('delta', delta(12, { ...handled('a', 'closed', 5), log: { state: 'done', tries: 1 } }));
    s.live.merge({ ...handled('a', 'closed', 5), log: { state: 'waiting', tries: 0 } }, mark);
    expect(s.views.at(-1)?.recent[0]?.log?.state).toBe('done');
    // Asked after that, an answer with the same version is news: a log that is tried again.
    s.live.merge({ ...handled('a', 'closed', 5), log: { state: 'waiting', tries: 0 } }, s.live.mark());
    expect(s.views.at(-1)?.recent[0]?.log?.state).toBe('waiting');
    // A newer version is always news.
    s.live.merge(handled('a', 'closed', 6), mark);
    expect(s.views.at(-1)?.recent[0]?.version).toBe(6);
    s.live.stop();
  });

  it('waits ever longer, but heals a short cut within two seconds', () => {
    expect([0, 1, 2, 3, 9].map((n) => wait(n, false, 0.5))).toEqual([250, 500, 1000, 1500, 1500]);
    expect(wait(20, true, 0.5)).toBe(8000);
    expect(wait(3, false, 1)).toBeLessThanOrEqual(2000);
  });
});
