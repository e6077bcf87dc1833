/** The people and records of the mock world. All names, numbers and addresses are made up. */
import type { Form, Interaction, Match, Me, Pop, Rec, Snapshot } from '../api/types.ts';

export const now = (): number => Date.now();

/** iso: the instant that many seconds from now. */
export const iso = (seconds: number): string => new Date(now() + seconds * 1000).toISOString();
const ymd = (days: number): string => iso(days * 86_400).slice(0, 10);

export const me: Me = {
  agentId: 'ag1', userId: 'ada', name: 'Ada Ng', roles: ['agent'], tenant: 'acme', tenantLabel: 'Acme Care', timeZone: 'America/Los_Angeles',
  region: 'US', seat: true, endpoint: 'browser', version: '0.1.0', serverTime: iso(0),
};
export const admin: Me = { ...me, agentId: 'ag9', userId: 'mia', name: 'Mia Olsen', roles: ['admin'] };

const org = 'https://acme.my.salesforce.example/lightning/r';

export const matches: Match[] = [
  { kind: 'Contact', id: '003A000000000AAA1', name: 'Ann Okafor', company: 'Acme Fabrication', accountId: '001A', matchedOn: 'Phone', lastActivity: ymd(-3), exact: true, url: `${org}/Contact/003A000000000AAA1/view` },
  { kind: 'Contact', id: '003A000000000AAA2', name: 'Bob Reyes', company: 'Acme Fabrication', accountId: '001A', matchedOn: 'Mobile', lastActivity: ymd(-51), exact: true, url: `${org}/Contact/003A000000000AAA2/view` },
  { kind: 'Lead', id: '00QA000000000AAA3', name: 'Kim Acheson', company: 'Bayline Freight', matchedOn: 'Phone', lastActivity: ymd(-103), exact: true, url: `${org}/Lead/00QA000000000AAA3/view` },
];

export const ann: Rec = {
  kind: 'Contact', id: '003A000000000AAA1', name: 'Ann Okafor', title: 'Head of Procurement', company: 'Acme Fabrication', accountId: '001A', owner: 'Ada Ng', lastActivity: ymd(-3),
  url: `${org}/Contact/003A000000000AAA1/view`,
  fields: [
    { name: 'Phone', label: 'Phone', value: '(415) 555-1212', type: 'phone' },
    { name: 'MobilePhone', label: 'Mobile', value: '(415) 555-0188', type: 'phone' },
    { name: 'Email', label: 'Email', value: 'ann@acme.example', type: 'email' },
    { name: 'Owner', label: 'Owner', value: 'Ada Ng', type: 'text' },
    { name: 'Tier__c', label: 'Account tier', value: 'Gold', type: 'text' },
    { name: 'LastActivityDate', label: 'Last activity', value: ymd(-3), type: 'date' },
  ],
  cases: [
    { kind: 'Case', id: '500A1', title: '00001026 Invoice 8841 charged twice', note: 'Escalated', date: ymd(-2), url: `${org}/Case/500A1/view` },
    { kind: 'Case', id: '500A2', title: '00000987 Delivery address changed', note: 'Waiting on customer', date: ymd(-9) },
  ],
  activities: [
    { kind: 'Task', id: '00TA1', title: 'Inbound call, 6 min', note: 'Resolved', date: ymd(-3), url: `${org}/Task/00TA1/view` },
    { kind: 'Task', id: '00TA2', title: 'Email: Re: Quote 2210', date: ymd(-10) },
    { kind: 'Task', id: '00TA3', title: 'Chat, 11 min', note: 'Follow-up', date: ymd(-19) },
  ],
};

export function pop(list: Match[], part: Partial<Pop> = {}): Pop {
  const first = list.find((m) => m.exact);
  return {
    key: { by: 'phone', value: '+14155551212' }, state: list.length ? 'found' : 'none', matches: list, more: false, chosen: first ? { kind: first.kind, id: first.id } : { kind: '', id: '' },
    details: first ? { ...ann } : undefined, formKind: 'Contact', as: 'Ada Ng', source: 'Salesforce', tookMs: 212, shown: true, shownAt: iso(-2), trigger: 'offered', message: list.length ? '' : 'Create one, and the log goes to it.', ...part,
  };
}

export function call(part: Partial<Interaction> = {}): Interaction {
  return {
    id: 'int-1', transaction: 4711, medium: 'phone', state: 'offered', role: 'offered', ani: '+14155551212', aniDisplay: '+1 415 555 1212', withheld: false, name: 'A OKAFOR', title: 'Ann Okafor',
    dnis: '+18661231234', dnisDisplay: '+1 866 123 1234', email: '', caseNumber: '', queue: 'Billing', channel: 'Main line', createdAt: iso(-22), queuedAt: iso(-22), waitSeconds: 22,
    offer: { number: 1, at: iso(-11), deadline: iso(19), byDevice: false }, muted: false, codeLists: [1], wrapupSeconds: 30, pop: pop(matches.slice(0, 1)), version: 1, ...part,
  };
}

export function accepted(part: Partial<Interaction> = {}): Interaction {
  return call({
    state: 'accepted', role: 'handling', offer: undefined, pop: pop(matches), createdAt: iso(-262), queuedAt: iso(-262),
    handling: {
      number: 1, state: 'accepted', acceptedAt: iso(-252), stopped: false, codesNeeded: false, codesMissing: false, codes: [{ list: 1, item: 1, reportText: 'Resolved' }], endedBy: '', reason: '', talkSeconds: 0,
      notes: 'Charged twice for invoice 8841. Refund promised by Friday.',
    },
    draft: {
      subject: 'Inbound call +14155551212 2026-11-22 14:02', disposition: 'Resolved', who: matches[0], what: { kind: 'Account', id: '001A', name: 'Acme Fabrication' }, standAlone: false,
      description: 'Call type: Inbound\nAnswered: 2026-11-22 14:02:11\nHang-up: 2026-11-22 14:06:23\nDuration: 00:04:12\nInteraction ID: int-1\nTransaction number: 4711\nCustomer number: +14155551212\nChannel: Main line\nQueue: Billing\nWait: 00:00:22\nCodes: Resolved',
    },
    ...part,
  });
}

export function wrapup(part: Partial<Interaction> = {}, stopped = false): Interaction {
  const i = accepted(part);
  return { ...i, state: 'wrapup', handling: { ...i.handling!, state: 'wrapup', completedAt: iso(-13), wrapupUntil: iso(17), endedBy: 'CUSTOMER', talkSeconds: 252, stopped, ...part.handling } };
}

export function close(i: Interaction): void {
  i.state = 'closed';
  i.role = 'done';
  i.handling = { ...i.handling!, state: 'closed', closedAt: iso(0) };
  i.log = { state: 'done', tries: 1, url: `${org}/Task/00TA9/view`, recordId: '00TA9' };
}

export function done(id: string, title: string, minutes: number, log: Interaction['log'], part: Partial<Interaction> = {}): Interaction {
  const i = wrapup({ id, title, createdAt: iso(-60 * minutes), queuedAt: iso(-60 * minutes) });
  return { ...i, state: 'closed', role: 'done', handling: { ...i.handling!, state: 'closed', closedAt: iso(-60 * minutes) }, log, ...part };
}

export function world(part: Partial<Snapshot> = {}): Snapshot {
  return {
    n: 1, at: iso(0), me,
    agent: { id: 'ag1', status: 4, statusName: 'Available', since: iso(-94), reason: 'choice', by: 'ag1' },
    interactions: [],
    recent: [
      done('r1', 'Lee Fontaine', 4, { state: 'done', tries: 1, url: `${org}/Task/00T1/view` }),
      done('r2', '+44 20 7946 0018', 9, { state: 'done', tries: 1, url: `${org}/Task/00T2/view` }),
      done('r3', 'Marta Vidal', 16, { state: 'parked', tries: 1, code: 'INVALID_LOGIN', reason: 'Salesforce refused user name, password or token; the user may also be locked.' }),
      done('r4', 'Number withheld', 22, { state: 'waiting', tries: 2, next: iso(41), reason: 'Salesforce did not answer in time.' }),
    ],
    waiting: { waiting: 3, longestSince: iso(-48), available: 5, signedIn: 9 },
    phone: { endpoint: 'browser', owner: 'me', mine: true, reachable: true, abilities: ['mute'] },
    crm: {
      kind: 'password', loginId: 'ada@acme.example', savedAt: iso(-86_400 * 3), result: 'CONNECTED', message: 'Connected as Ada Ng to Acme Corp', remedy: '', checkedAt: iso(-600), userName: 'Ada Ng', orgName: 'Acme Corp',
      instance: 'https://acme.my.salesforce.example', kinds: ['password', 'jwt'],
      sunset: 'As of November 2026: Salesforce ends sign-on by password and token with Summer ’27, and newer orgs have it off already. Ask your administrator to move to JWT.',
    },
    codeLists: [{ id: 1, name: 'Outcome', required: true, multiple: false, items: ['Resolved', 'Follow-up', 'Refund', 'Wrong number'].map((text, n) => ({ id: n + 1, text, reportText: text })) }],
    settings: { allowReject: true, screenPop: true, autoLog: true, logWindow: true, target: 'salesforce', integration: 'enhanced', tenantTimeZone: 'America/Los_Angeles' },
    ...part,
  };
}

export function forms(kind: string, i: Interaction): Form {
  const phone = i.withheld ? '' : i.ani;
  const f = (name: string, label: string, type = 'text', part = {}): Form['fields'][number] => ({ name, label, type, required: false, length: 80, ...part });
  switch (kind) {
    case 'Account':
      return { kind, label: 'Account', fields: [f('Name', 'Account Name', 'text', { required: true }), f('Phone', 'Phone', 'phone', { value: phone, length: 40 }), f('Website', 'Website'), f('Industry', 'Industry', 'picklist', { options: ['Agriculture', 'Energy', 'Manufacturing'] }), f('Description', 'Description', 'textarea', { length: 32000 })] };
    case 'Lead':
      return { kind, label: 'Lead', fields: [f('FirstName', 'First Name'), f('LastName', 'Last Name', 'text', { required: true }), f('Company', 'Company', 'text', { required: true }), f('Phone', 'Phone', 'phone', { value: phone, length: 40 }), f('Email', 'Email', 'email')] };
    case 'Case':
      return { kind, label: 'Case', fields: [f('Subject', 'Subject', 'text', { length: 255 }), f('Status', 'Status', 'picklist', { required: true, options: ['New', 'Working', 'Escalated'], value: 'New' }), f('Origin', 'Case Origin', 'picklist', { options: ['Phone', 'Email', 'Web'], value: 'Phone' }), f('SuppliedName', 'Web Name', 'text', { value: i.name }), f('SuppliedPhone', 'Web Phone', 'phone', { value: phone, length: 40 }), f('Description', 'Description', 'textarea', { length: 32000 })] };
    default:
      return { kind: 'Contact', label: 'Contact', fields: [f('FirstName', 'First Name', 'text', { value: '' }), f('LastName', 'Last Name', 'text', { required: true, value: '' }), f('AccountId', 'Account Name', 'reference', { lookup: ['Account'] }), f('Title', 'Title'), f('Phone', 'Business Phone', 'phone', { value: phone, length: 40 }), f('MobilePhone', 'Mobile', 'phone', { length: 40 }), f('Email', 'Email', 'email'), f('Description', 'Contact Description', 'textarea', { length: 32000 })] };
  }
}
