/** The moments worth looking at, by name. */
import type { Snapshot } from '../api/types.ts';
import { accepted, call, iso, matches, me, pop, world, wrapup, done } from './fixtures.ts';

const busy = { id: 'ag1', status: 7 as const, statusName: 'Busy', since: iso(-252), reason: 'accept', by: 'system' };
const offered = { id: 'ag1', status: 6 as const, statusName: 'Offered', since: iso(-11), reason: 'offer', by: 'system' };
const wrapping = { id: 'ag1', status: 8 as const, statusName: 'Wrap-up', since: iso(-13), reason: 'wrap-up', by: 'system' };
const unknown = { title: '+1 415 555 0123', aniDisplay: '+1 415 555 0123', ani: '+14155550123', name: '' };

const all: Record<string, () => Snapshot> = {
  idle: () => world(),
  'signed-out': () => world(),
  break: () => world({ agent: { id: 'ag1', status: 3, statusName: 'On Break', since: iso(-12), reason: 'sign-in', by: 'ag1' }, recent: [] }),
  missed: () => world({ agent: { id: 'ag1', status: 3, statusName: 'On Break', since: iso(-5), reason: 'missed', by: 'system' } }),
  one: () => world({ agent: offered, interactions: [call()] }),
  several: () => world({ agent: busy, interactions: [accepted()] }),
  'many-and-offer': () => world({ agent: busy, interactions: [accepted(), call({ id: 'int-2', title: 'Priya Raman', name: '', aniDisplay: '+1 628 555 0144', queue: 'Support', offer: { number: 1, at: iso(-11), deadline: iso(19), byDevice: false } })] }),
  searching: () => world({ agent: offered, interactions: [call({ ...unknown, pop: { ...pop([]), state: 'searching', message: '' } })] }),
  unknown: () => world({ agent: busy, interactions: [accepted({ ...unknown, pop: pop([]), draft: { subject: 'Inbound call +14155550123 2026-11-22 14:02', description: '', disposition: '', standAlone: true, why: 'No record matches, so the log stands alone.' } })] }),
  possible: () => world({ agent: busy, interactions: [accepted({ ...unknown, pop: pop(matches.slice(1, 2).map((m) => ({ ...m, exact: false }))) })] }),
  withheld: () => world({ agent: offered, interactions: [call({ title: 'Number withheld', aniDisplay: 'Number withheld', ani: '', name: '', withheld: true, pop: { ...pop([]), state: 'refused', key: { by: 'phone', value: '', refusal: 'withheld' }, message: 'No match: number withheld.' } })] }),
  'not-searched': () => world({ agent: busy, interactions: [accepted({ ...unknown, pop: { ...pop([]), state: 'not_searched', reason: 'no answer within 3 s', reasonCode: 'TIMEOUT', message: 'CRM not reached: no answer within 3 s' }, draft: { subject: 'Inbound call +14155550123 2026-11-22 14:02', description: '', disposition: '', standAlone: true, why: 'Salesforce is searched when the log is written.' } })] }),
  passed: () => {
    const i = call({ role: 'passed', state: 'queued', offer: undefined });
    return world({ agent: { id: 'ag1', status: 3, statusName: 'On Break', since: iso(-5), reason: 'missed', by: 'system' }, interactions: [{ ...i, pop: { ...i.pop!, over: 'passed', message: 'It rang at your phone for 30 seconds and went on.' } }] });
  },
  left: () => {
    const i = call({ role: 'left', state: 'abandoned', offer: undefined });
    return world({ interactions: [{ ...i, pop: { ...i.pop!, over: 'left', message: '' } }] });
  },
  wrapup: () => world({ agent: wrapping, interactions: [wrapup()] }),
  codes: () => world({ agent: wrapping, interactions: [wrapup({ handling: { ...wrapup().handling!, state: 'wrapup', codes: [], codesNeeded: true, wrapupUntil: undefined, completedAt: iso(-45), talkSeconds: 252, endedBy: 'CUSTOMER' } })] }),
  logged: () => world({ interactions: [], recent: [done('r0', 'Ann Okafor', 1, { state: 'done', tries: 1, url: 'https://acme.my.salesforce.example/lightning/r/Task/00T1/view' }), ...world().recent] }),
  parked: () => world(),
  'no-sign-on': () => world({ crm: { ...world().crm, kind: '', loginId: '', result: 'NOT_SET_UP', message: '', remedy: '', savedAt: undefined, checkedAt: undefined }, recent: [] }),
  'bad-sign-on': () => world({ agent: busy, crm: { ...world().crm, result: 'INVALID_LOGIN', message: 'Salesforce refused user name, password or token; the user may also be locked.', remedy: 'A password change also changes the token. Enter both again; it is not tried again by itself.' }, interactions: [accepted({ ...unknown, pop: { ...pop([]), state: 'not_searched', reason: 'not signed on', reasonCode: 'INVALID_LOGIN', message: 'CRM not reached: Salesforce refused your sign-on' } })] }),
  elsewhere: () => world({ phone: { ...world().phone, owner: 'other', mine: false } }),
  device: () => world({ agent: offered, me: { ...me, endpoint: 'sip' }, phone: { endpoint: 'sip', mine: false, reachable: true, abilities: [] }, interactions: [call({ offer: { number: 1, at: iso(-11), deadline: iso(19), byDevice: true } })] }),
  cut: () => world({ agent: busy, interactions: [accepted()] }),
  long: () => {
    const name = 'Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh, Hubert Blaine <b>Jr.</b>';
    const i = accepted({ title: name, pop: pop([{ ...matches[0]!, name, company: 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft' }, ...matches.slice(1)]) });
    i.pop!.details = { ...i.pop!.details!, name };
    return world({ agent: busy, interactions: [i] });
  },
};

export const names = Object.keys(all);

export function scenario(name: string): Snapshot {
  return (all[name] ?? all.idle!)();
}
