import { describe, expect, it } from 'vitest';
import { call, done, world } from '../mock/fixtures.ts';
import { crmMark, logWord, overWord, phoneMark, serverMark, statusWhy } from './words.ts';

describe('marks say a word for every state', () => {
  it.each([
    ['ok', 'Server', 'live'],
    ['connecting', 'Server: connecting', 'ring'],
    ['reconnecting', 'Server: reconnecting', 'ring'],
    ['lost', 'Server: lost', 'bad'],
  ] as const)('server %s', (line, text, mood) => expect(serverMark(line)).toEqual({ text, mood }));

  it.each([
    ['ready', 'ready', 'on', 'Phone: browser', 'live'],
    ['ready', 'unknown', 'on', 'Phone: browser', 'live'],
    ['ready', 'ready', 'off', 'Phone: sound is off', 'ring'],
    ['ready', 'denied', 'on', 'Phone: microphone blocked', 'bad'],
    ['ready', 'missing', 'on', 'Phone: no microphone', 'bad'],
    ['connecting', 'unknown', 'on', 'Phone: connecting', 'ring'],
    ['elsewhere', 'unknown', 'on', 'Phone: in use elsewhere', 'ring'],
    ['failed', 'ready', 'on', 'Phone: not connected', 'bad'],
  ] as const)('browser phone %s, microphone %s, sound %s', (link, mic, sound, text, mood) => expect(phoneMark('browser', true, { link, mic, sound })).toEqual({ text, mood }));

  it('SIP phone', () => {
    const p = { link: 'off', mic: 'unknown', sound: 'unknown' } as const;
    expect(phoneMark('sip', true, p).mood).toBe('live');
    expect(phoneMark('sip', false, p)).toEqual({ text: 'Phone: not registered', mood: 'bad' });
  });

  it.each([
    ['CONNECTED', 'Salesforce: Ada Ng', 'live'],
    ['NOT_SET_UP', 'Salesforce: not set up', 'ring'],
    ['', 'Salesforce: not set up', 'ring'],
    ['UNREACHABLE', 'Salesforce: not reached', 'ring'],
    ['INVALID_LOGIN', 'Salesforce: not signed on', 'bad'],
    ['LOCKED', 'Salesforce: not signed on', 'bad'],
  ])('sign-on %s', (result, text, mood) => expect(crmMark({ ...world().crm, result }, true)).toEqual({ text, mood }));

  it('no seat', () => expect(crmMark(world().crm, false).text).toBe('Salesforce: no seat'));
});

describe('what became of things', () => {
  it('an offer that went on or whose customer left', () => {
    expect(overWord(call({ role: 'passed' }))).toBe('Passed to another agent');
    expect(overWord(call({ role: 'left' }))).toBe('Customer left');
  });

  it('a lost call that was handled keeps its log in view', () => {
    expect(overWord(done('a', 'Ann', 1, { state: 'waiting', tries: 0 }, { state: 'failed' }))).toBe('');
  });

  it.each([
    [undefined, 'No log'],
    [{ state: 'none', tries: 0 }, 'No log'],
    [{ state: 'waiting', tries: 0 }, 'Waiting'],
    [{ state: 'waiting', tries: 3 }, 'Trying again'],
    [{ state: 'running', tries: 1 }, 'Writing'],
    [{ state: 'done', tries: 1 }, 'Logged'],
    [{ state: 'parked', tries: 1 }, 'Parked'],
    [{ state: 'dropped', tries: 1 }, 'Dropped'],
  ] as const)('log %o', (log, text) => expect(logWord(log).text).toBe(text));

  it.each([
    ['missed', /ran out/],
    ['rejected', /rejected/],
    ['lost', /both gone/],
    ['sign-in', /just signed in/],
  ])('on break because %s', (reason, want) => expect(statusWhy({ ...world().agent, reason, by: 'system' })).toMatch(want));

  it('a status that somebody else set', () => {
    expect(statusWhy({ ...world().agent, id: 'ag1', reason: 'choice', by: 'ag7' })).toMatch(/supervisor/);
    expect(statusWhy({ ...world().agent, id: 'ag1', reason: 'choice', by: 'ag1' })).toBe('');
  });
});
