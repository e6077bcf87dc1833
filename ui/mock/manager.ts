/** The Configuration Manager's side of the mock: a few documents that can be changed. */
import type { Channel, CodeListDoc, Delivery, Queue, ScreenPop, TenantProfile, Trunk, User } from '../api/manager.ts';
import { iso } from './fixtures.ts';

type Json = Record<string, unknown>;
const refuse = (status: number, body: Json): never => {
  throw { status, body };
};

const person = (id: string, userId: string, firstName: string, lastName: string, part: Partial<User> = {}): User => ({
  id, userId, firstName, lastName, email: `${userId}@acme.example`, roles: ['agent'], queues: { 1: 8, 2: 5 }, offerSeconds: 30, endpoint: 'browser', seat: true, loginId: `${userId}@acme.example`, version: 3, ...part,
});

const attempt = (code: string, text: string, s: number): NonNullable<Delivery['attempts']>[number] => ({ at: iso(s), tookMs: 341, code, text });

function delivery(key: string, title: string, state: Delivery['state'], part: Partial<Delivery> = {}): Delivery {
  return { key, lane: 'acme/ada', kind: 'salesforce.log', interaction: `int-18c${key}-phone-01-acme`, handling: 1, agent: 'ag1', agentName: 'Ada Ng', title, state, tries: 1, created: iso(-600), attempts: [], version: 1, ...part };
}

export class Manager {
  users: User[] = [
    person('ag1', 'ada', 'Ada', 'Ng'),
    person('ag2', 'ben', 'Ben', 'Sommer', { queues: { 1: 5 } }),
    person('ag3', 'cleo', 'Cleo', 'Marchetti', { endpoint: 'sip', sipUser: 'acme-cleo', queues: { 2: 10 } }),
    person('ag4', 'dov', 'Dov', 'Adler', { inactive: true, seat: false, queues: {} }),
    person('ag9', 'mia', 'Mia', 'Olsen', { roles: ['admin', 'supervisor'], queues: {}, seat: false }),
  ];
  queues: Queue[] = [
    { id: 1, name: 'Billing', media: ['phone'], priority: 7, wrapupSeconds: 30, announceSeconds: 20, codeLists: [1], version: 2 },
    { id: 2, name: 'Support', media: ['phone'], priority: 5, wrapupSeconds: 60, announceSeconds: 20, codeLists: [1], version: 1 },
  ];
  channels: Channel[] = [{ id: 1, medium: 'phone', name: 'Main line', number: '+18661231234', queue: 1, version: 1 }, { id: 2, medium: 'phone', name: 'Support line', number: '+18661231235', queue: 2, version: 1 }];
  codes: CodeListDoc[] = [{ id: 1, name: 'Outcome', required: true, multiple: false, items: ['Resolved', 'Follow-up', 'Refund', 'Wrong number'].map((text, n) => ({ id: n + 1, text, reportText: text })), version: 4 }];
  trunks: Trunk[] = [{ id: 1, name: 'Provider', addresses: ['203.0.113.5', '198.51.100.0/24'], version: 1 }];
  profile: TenantProfile = { label: 'Acme Care', timeZone: 'America/Los_Angeles', region: 'US', allowReject: true, salesforceUsers: 10, version: 1 };
  certificate = `-----BEGIN CERTIFICATE-----\n${'MIIDdzCCAl+gAwIBAgIEAgAAuTANBgkqhkiG9w0BAQUFADBaMQswCQYDVQQGEwJ\n'.repeat(7)}-----END CERTIFICATE-----\n`;
  screenPop: ScreenPop = {
    enabled: true, target: 'salesforce', integration: 'enhanced',
    autoLog: { on: true, phone: true, voicemail: true, chat: true, email: true, withoutWindow: false, contactsWithoutCompany: false },
    triggers: { offered: true, accepted: false, completed: false },
    connection: { environment: 'custom', loginUrl: 'https://acme.my.salesforce.example', signOns: ['password', 'jwt'], consumerKey: '3MVG9-sample-consumer-key', audience: '', apiVersion: '64.0' },
    phoneFields: ['Account.Phone', 'Contact.Phone', 'Contact.MobilePhone', 'Contact.HomePhone', 'Contact.OtherPhone', 'Contact.AssistantPhone', 'Lead.Phone', 'Lead.MobilePhone', 'Contact.Direct_Line__c'],
    withheld: ['anonymous', 'unknown', 'unavailable', 'restricted', 'private', 'withheld', '+266696687'], noMatchForm: 'Contact', version: 7,
  };
  deliveries: Delivery[] = [
    delivery('a1', 'Marta Vidal', 'parked', { code: 'INVALID_LOGIN', reason: 'Salesforce refused user name, password or token; the user may also be locked.', attempts: [attempt('INVALID_LOGIN', 'Salesforce refused user name, password or token; the user may also be locked.', -590)] }),
    delivery('a2', '+44 20 7946 0018', 'parked', { code: 'INVALID_LOGIN', reason: 'Salesforce refused user name, password or token; the user may also be locked.', created: iso(-1900) }),
    delivery('a3', 'Lee Fontaine', 'parked', { agentName: 'Ben Sommer', code: 'FIELD_CUSTOM_VALIDATION_EXCEPTION', reason: 'Salesforce refused the task: “Outcome must be set for closed calls.” (field Outcome__c)', created: iso(-5400), tries: 3 }),
    delivery('a4', 'Number withheld', 'waiting', { tries: 4, next: iso(75), code: 'SERVER_UNAVAILABLE', reason: 'Salesforce did not answer.', attempts: [attempt('SERVER_UNAVAILABLE', 'Salesforce did not answer.', -70), attempt('SERVER_UNAVAILABLE', 'Salesforce did not answer.', -30)] }),
    delivery('a5', 'Ann Okafor', 'done', { result: { url: 'https://acme.my.salesforce.example/lightning/r/Task/00T1/view' }, finished: iso(-300), attempts: [attempt('OK', 'Task 00T1 written', -300)] }),
  ];

  answer(method: string, path: string, body: Json, url: URL): unknown {
    const [room, id, verb] = path.split('/').filter(Boolean).map(decodeURIComponent);
    if (room === 'overview') return { users: 4, queues: 2, channels: 2, parked: this.#count('parked').count, waiting: 1 };
    if (room === 'profile') return method === 'GET' ? this.profile : (this.profile = body as never);
    if (room === 'screen-pop') return this.#screenPop(method, id, body);
    if (room === 'deliveries') return this.#deliveries(id, verb, body, url);
    if (room === 'users' && verb === 'password') return String(body.password).length < 8 ? refuse(422, { code: 'INVALID', message: 'The password was not changed.', errors: [{ field: 'password', code: 'SHORT', message: 'A password has at least 10 characters.' }] }) : {};
    if (room === 'users' && verb === 'sip-secret') return { user: { ...this.users[2]!, sipUser: 'acme-cleo' }, secret: 'k7Qv-2mXw-9tRb-4nHs' };
    const rooms: Record<string, [string, { id: string | number; name?: string; version: number }[]]> = { users: ['users', this.users], queues: ['queues', this.queues], channels: ['channels', this.channels], 'code-lists': ['codeLists', this.codes], trunks: ['trunks', this.trunks] };
    const found = rooms[room ?? ''];
    if (!found) return refuse(404, { code: 'NOT_FOUND', message: 'This does not exist.' });
    const [member, list] = found;
    if (!id && method === 'GET') return { [member]: list };
    if (method === 'POST') {
      if (room === 'users' && (!body.lastName || !body.userId))
        return refuse(422, { code: 'INVALID', message: 'The user was not created.', errors: [{ field: 'userId', code: 'SHORT', message: 'A user ID has 3 to 64 characters; this has 0.' }, { field: 'lastName', code: 'REQUIRED', message: 'Enter a last name.' }, { field: 'email', code: 'REQUIRED', message: 'Enter an e-mail address.' }] });
      const made = { ...body, id: room === 'users' ? `ag${Date.now()}` : list.length + 1, version: 1 };
      list.push(made as never);
      return made;
    }
    const n = list.findIndex((x) => String(x.id) === id);
    if (n < 0) return refuse(404, { code: 'NOT_FOUND', message: 'This does not exist any more.' });
    if (method === 'GET') return list[n];
    if (method === 'DELETE') return room === 'queues' ? refuse(409, { code: 'IN_USE', message: 'Channel “Main line” leads to this queue. Lead it to another one first.' }) : (list.splice(n, 1), undefined);
    if (body.name === 'Changed') {
      list[n] = { ...list[n]!, version: list[n]!.version + 1, ...(room === 'queues' ? { priority: 9 } : {}) };
      return refuse(409, { code: 'CHANGED', message: 'Changed by Ben Sommer at 14:02.' });
    }
    return (list[n] = { ...(body as never as { id: string; version: number }), version: list[n]!.version + 1 });
  }

  #screenPop(method: string, what: string | undefined, body: Json): unknown {
    if (what === 'key') return { certificate: this.certificate };
    if (what === 'test') return { reachable: true, message: 'The org answers: Acme Corp.', kinds: ['password', 'jwt'], apiVersion: '64.0' };
    if (method === 'GET') return { settings: this.screenPop, certificate: this.certificate };
    const c = body as never as ScreenPop;
    if (!c.connection.apiVersion) return refuse(422, { code: 'INVALID', message: 'Nothing was saved.', errors: [{ field: 'connection.apiVersion', code: 'REQUIRED', message: 'Enter a version, e.g. 64.0.' }, { field: 'connection.loginUrl', code: 'URL', message: '“acme” is no https address. Write it like https://acme.my.salesforce.com.' }] });
    return (this.screenPop = { ...c, version: c.version + 1 });
  }

  #count(state: string): { count: number; oldest?: string } {
    const of = this.deliveries.filter((d) => d.state === state);
    return { count: of.length, oldest: of.map((d) => d.created).sort()[0] };
  }

  #deliveries(key: string | undefined, verb: string | undefined, body: Json, url: URL): unknown {
    if (!key) {
      const s = url.searchParams.get('state');
      return { deliveries: this.deliveries.filter((d) => !s || d.state === s), counts: Object.fromEntries(['waiting', 'running', 'parked', 'done'].map((x) => [x, this.#count(x)])) };
    }
    for (const d of this.deliveries) {
      if (key === 'retry-like' ? d.state === 'parked' && d.code === body.code : d.key === key) {
        d.state = verb === 'drop' ? 'dropped' : 'waiting';
        if (verb === 'drop') d.reason = String(body.reason);
      }
    }
    return {};
  }
}
