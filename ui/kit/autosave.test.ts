import { describe, expect, it } from 'vitest';
import { Problem } from './api.ts';
import { Autosave } from './autosave.ts';

describe('saving while typing', () => {
  interface Part {
    notes: string;
    subject: string;
  }
  function desk() {
    const sent: Partial<Part>[] = [];
    const answers: { ok: () => void; fail: (e: unknown) => void }[] = [];
    let timer: { f: () => void; ms: number } | null = null;
    const states: string[] = [];
    const a = new Autosave<Part>(
      (p) => {
        sent.push(p);
        return new Promise<void>((ok, fail) => answers.push({ ok, fail }));
      },
      (x) => states.push(x.state),
      500,
      { setTimeout: (f, ms) => (timer = { f, ms }), clearTimeout: () => (timer = null) },
    );
    return { a, sent, answers, states, fire: () => { const t = timer!; timer = null; t.f(); }, next: () => timer?.ms };
  }
  const turn = (): Promise<void> => new Promise<void>((r) => setTimeout(r));

  it('sends the latest words once, a moment after the last key', async () => {
    const d = desk();
    d.a.put({ notes: 'C' });
    d.a.put({ notes: 'Ch' });
    d.a.put({ subject: 's' });
    expect(d.next()).toBeLessThan(1000);
    d.fire();
    expect(d.sent).toEqual([{ notes: 'Ch', subject: 's' }]);
    expect(d.a.dirty).toBe(true);
    d.answers[0]!.ok();
    await turn();
    expect(d.a).toMatchObject({ state: 'saved', dirty: false });
  });

  it('keeps what was typed while it saved, one request at a time', async () => {
    const d = desk();
    d.a.put({ notes: 'a' });
    d.fire();
    d.a.put({ notes: 'ab' });
    d.fire();
    expect(d.sent).toHaveLength(1);
    d.answers[0]!.ok();
    await turn();
    d.fire();
    expect(d.sent[1]).toEqual({ notes: 'ab' });
  });

  it('tries again after a fault, newer words first', async () => {
    const d = desk();
    d.a.put({ notes: 'a', subject: 's' });
    d.fire();
    d.a.put({ notes: 'ab' });
    d.answers[0]!.fail(new Problem(0, 'UNREACHABLE', 'The server cannot be reached.'));
    await turn();
    expect(d.a).toMatchObject({ state: 'failed', reason: 'The server cannot be reached.' });
    d.fire();
    expect(d.sent[1]).toEqual({ notes: 'ab', subject: 's' });
  });

  it('waits for the next change after a refusal', async () => {
    const d = desk();
    d.a.put({ notes: 'x'.repeat(20_001) });
    d.fire();
    d.answers[0]!.fail(new Problem(422, 'INVALID', 'Too long.', [{ field: 'notes', code: 'TOO_LONG', message: '20,000 at most; this has 20,001.' }]));
    await turn();
    expect(d.a.state).toBe('refused');
    expect(d.a.fields).toEqual({ notes: '20,000 at most; this has 20,001.' });
    expect(d.next()).toBeUndefined();
    expect(d.a.pending.notes).toHaveLength(20_001);
  });

  it('flushes at once and says whether it is safe', async () => {
    const d = desk();
    d.a.put({ notes: 'a' });
    const safe = d.a.flush();
    await turn();
    d.answers[0]!.ok();
    expect(await safe).toBe(true);
    d.a.put({ notes: 'b' });
    const not = d.a.flush();
    await turn();
    d.answers[1]!.fail(new Problem(503, 'X', 'No.'));
    expect(await not).toBe(false);
  });
});
