/** A small world behind the contract: one agent, a few scenarios, commands that change what they should. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Interaction, Snapshot, SignOn } from '../api/types.ts';
import { admin, ann, close, forms, iso, now } from './fixtures.ts';
import { Manager } from './manager.ts';
import { scenario } from './scenarios.ts';

type Json = Record<string, unknown>;

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly body: Json,
  ) {
    super(String(body.message));
  }
}

export class Server {
  #world: Snapshot = scenario('idle');
  #name = 'idle';
  #signedIn: 'agent' | 'admin' | null = 'agent';
  #streams = new Set<ServerResponse>();
  #manager = new Manager();

  /** handle answers what is the contract's; false leaves it to vite. */
  async handle(req: IncomingMessage, res: ServerResponse): Promise<boolean> {
    const url = new URL(req.url ?? '/', 'http://mock');
    const path = url.pathname;
    if (path === '/__mock/scenario') {
      this.#name = url.searchParams.get('name') ?? 'idle';
      this.#signedIn = this.#name === 'signed-out' ? null : this.#name.startsWith('manager') ? 'admin' : 'agent';
      this.#world = scenario(this.#name);
      this.#manager = new Manager();
      for (const s of this.#streams) this.#event(s, 'snapshot', this.#world);
      this.#json(res, 200, { scenario: this.#name });
      return true;
    }
    if (!path.startsWith('/api/')) return false;
    if (path === '/api/v1/console/stream') {
      this.#stream(req, res);
      return true;
    }
    try {
      const body = req.method === 'GET' ? {} : await read(req);
      const out = path.startsWith('/api/v1/manager/') ? this.#manager.answer(req.method!, path.slice(15), body, url) : this.#answer(req.method!, path.slice(7), body, url);
      if (out === undefined) res.writeHead(204).end();
      else this.#json(res, 200, out);
    } catch (e) {
      if (e && typeof e === 'object' && 'status' in e && 'body' in e) this.#json(res, (e as Refusal).status, { status: (e as Refusal).status, requestId: 'mock', errors: [], ...(e as Refusal).body });
      else throw e;
    }
    return true;
  }

  #answer(method: string, path: string, body: Json, url: URL): unknown {
    const w = this.#world;
    const key = `${method} ${path}`;
    if (key === 'GET /session') {
      if (!this.#signedIn) throw new Refusal(401, { code: 'SIGNED_OUT', message: 'You are signed out.' });
      return this.#signedIn === 'admin' ? admin : w.me;
    }
    if (key === 'POST /session') {
      if (body.password !== 'demo') throw new Refusal(401, { code: 'SIGN_IN_REFUSED', message: 'User ID or password is not right. Capital letters count.' });
      this.#signedIn = body.userId === 'mia' ? 'admin' : 'agent';
      return this.#signedIn === 'admin' ? admin : w.me;
    }
    if (key === 'DELETE /session') {
      this.#signedIn = null;
      return undefined;
    }
    if (path === '/profile/crm') {
      if (method === 'PUT') w.crm = signOn(w.crm, body);
      if (method === 'DELETE') w.crm = { ...w.crm, kind: '', loginId: '', result: 'NOT_SET_UP', message: '', remedy: '', savedAt: undefined };
      this.#all('crm', w.crm);
      return w.crm;
    }
    if (path === '/profile/crm/test') return { ...w.crm, checkedAt: iso(0) };
    if (path === '/profile/password') {
      if (body.current !== 'demo') throw new Refusal(422, { code: 'INVALID', message: 'The password was not changed.', errors: [{ field: 'current', code: 'WRONG', message: 'This is not your present password.' }] });
      return {};
    }
    if (path === '/console/status') {
      const code = body.status as 3 | 4 | 5;
      w.agent = { ...w.agent, status: code, statusName: { 3: 'On Break', 4: 'Available', 5: 'Work Offline' }[code], since: iso(0), reason: 'choice', by: w.me.agentId };
      return { agent: w.agent };
    }
    if (path === '/console/phone/connect') return { sdp: 'v=0' };
    if (path === '/console/phone/take') {
      w.phone = { ...w.phone, owner: String(body.tab), mine: true };
      this.#all('phone', w.phone);
      return { phone: w.phone };
    }
    if (path === '/console/lookup') {
      const q = (url.searchParams.get('q') ?? '').toLowerCase();
      return { matches: ['Acme Fabrication', 'Acme Logistics', 'Bayline Freight', 'Northwind Solar'].filter((n) => n.toLowerCase().includes(q)).map((name, n) => ({ kind: 'Account', id: `001A00000000000A${n}`, name, matchedOn: 'Name', exact: true })) };
    }
    if (path === '/console/history') return { interactions: w.recent };
    const m = /^\/console\/interactions\/([^/]+)\/?(.*)$/.exec(path);
    if (m) return this.#interaction(decodeURIComponent(m[1]!), m[2]!, method, body);
    throw new Refusal(404, { code: 'NOT_FOUND', message: 'This no longer exists.' });
  }

  #interaction(id: string, what: string, method: string, body: Json): unknown {
    const w = this.#world;
    const i = [...w.interactions, ...w.recent].find((x) => x.id === id);
    if (!i) throw new Refusal(404, { code: 'NOT_FOUND', message: 'This interaction no longer exists.' });
    if (what.startsWith('form/')) return forms(what.slice(5), i);
    const next: Interaction = structuredClone(i);
    const h = next.handling;
    if (what === 'accept') {
      next.role = 'handling';
      next.state = 'accepted';
      next.offer = undefined;
      next.handling = { number: 1, state: 'accepted', acceptedAt: iso(0), stopped: false, codesNeeded: true, codesMissing: false, codes: [], endedBy: '', reason: '', talkSeconds: 0, notes: '' };
      w.agent = { ...w.agent, status: 7, statusName: 'Busy', since: iso(0) };
    } else if (what === 'end' && h) {
      h.state = 'wrapup';
      next.state = 'wrapup';
      h.completedAt = iso(0);
      h.endedBy = 'AGENT';
      h.talkSeconds = Math.round((now() - Date.parse(h.acceptedAt)) / 1000);
      h.wrapupUntil = iso(30);
      w.agent = { ...w.agent, status: 8, statusName: 'Wrap-up', since: iso(0) };
    } else if (what === 'end-wrapup' && h) {
      if (h.codesNeeded) throw new Refusal(422, { code: 'CODES_NEEDED', message: 'Choose an outcome first. Wrap-up goes on until then.' });
      close(next);
      w.agent = { ...w.agent, status: 4, statusName: 'Available', since: iso(0) };
    } else if (what === 'work-offline' && h) h.stopped = true;
    else if (what === 'mute') next.muted = Boolean(body.on);
    else if (what === 'write' && method === 'PUT' && h) {
      if (typeof body.notes === 'string' && body.notes.length > 20000)
        throw new Refusal(422, { code: 'INVALID', message: 'The notes are too long, so nothing was saved.', errors: [{ field: 'notes', code: 'TOO_LONG', message: `Notes hold 20,000 characters; these have ${body.notes.length}. Shorten them.` }] });
      if (typeof body.notes === 'string') h.notes = body.notes;
      if ('subject' in body) h.subject = (body.subject as string) ?? undefined;
      if (Array.isArray(body.codes)) {
        h.codes = body.codes as never;
        h.codesNeeded = h.codes.length === 0;
      }
      if ('who' in body && next.draft) next.draft = { ...next.draft, who: undefined, what: undefined, standAlone: true };
    } else if (what === 'pop/choose' && next.pop) {
      const x = next.pop.matches.find((y) => y.id === body.id) ?? next.pop.matches[0]!;
      next.pop.chosen = { kind: x.kind, id: x.id };
      next.pop.details = { ...ann, ...x, fields: ann.fields };
      next.title = x.name;
      if (next.draft) next.draft = { ...next.draft, who: x, standAlone: false };
    } else if (what === 'pop/search' && next.pop) next.pop = { ...scenario('one').interactions[0]!.pop! };
    else if (what === 'records') {
      const v = body.values as Record<string, string>;
      if (v.LastName === 'Fault')
        throw new Refusal(422, { code: 'INVALID', message: 'Salesforce refused the record.', errors: [{ field: 'Email', code: 'INVALID_EMAIL_ADDRESS', message: 'Email: invalid email address: ' + v.Email }] });
      if (v.LastName === 'Okafor' && !body.saveDuplicate)
        throw new Refusal(409, { code: 'DUPLICATES', message: 'Duplicates found.', duplicates: { message: 'Use one of these records?', maySave: true, matches: scenario('several').interactions[0]!.pop!.matches.slice(0, 2) } });
      next.pop = { ...scenario('one').interactions[0]!.pop! };
    } else if (what === 'log/retry' && next.log) next.log = { ...next.log, state: 'waiting', tries: 0 };
    next.version++;
    w.interactions = w.interactions.filter((x) => x.id !== id);
    if (next.role === 'done') w.recent = [next, ...w.recent.filter((x) => x.id !== id)];
    else w.interactions.push(next);
    w.n++;
    this.#all('delta', { n: w.n, at: iso(0), agent: w.agent, interaction: next });
    return { interaction: next };
  }

  #stream(req: IncomingMessage, res: ServerResponse): void {
    if (!this.#signedIn) {
      this.#json(res, 401, { status: 401, code: 'SIGNED_OUT', message: 'You are signed out.' });
      return;
    }
    if (this.#name === 'cut') {
      // One snapshot, then nothing more: the page says that it is reconnecting.
      const first = !this.#streams.size && !this.#cut;
      this.#cut = true;
      if (!first) {
        res.destroy();
        return;
      }
      setTimeout(() => res.destroy(), 300);
    }
    res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
    this.#streams.add(res);
    this.#event(res, 'snapshot', { ...this.#world, at: iso(0) });
    const ping = setInterval(() => res.write(': ping\n\n'), 10_000);
    req.on('close', () => {
      clearInterval(ping);
      this.#streams.delete(res);
      this.#cut = false;
    });
  }
  #cut = false;

  #all(event: string, data: unknown): void {
    for (const s of this.#streams) this.#event(s, event, data);
  }

  #event(res: ServerResponse, event: string, data: unknown): void {
    res.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  #json(res: ServerResponse, status: number, body: unknown): void {
    res.writeHead(status, { 'Content-Type': status >= 400 ? 'application/problem+json' : 'application/json', 'Cache-Control': 'no-store' });
    res.end(JSON.stringify(body));
  }
}

function signOn(was: SignOn, body: Json): SignOn {
  const saved = { ...was, kind: body.kind as 'password', loginId: String(body.loginId ?? was.loginId), savedAt: iso(0), checkedAt: iso(0) };
  if (body.kind === 'password' && !body.token)
    return { ...saved, result: 'TOKEN_MISSING', message: 'Append your security token to the password.', remedy: 'Salesforce wants it from this network. Type it below the password, or reset it in Salesforce and look into your e-mail.' };
  return { ...saved, result: 'CONNECTED', userName: 'Ada Ng', orgName: 'Acme Corp', message: 'Connected as Ada Ng to Acme Corp', remedy: '' };
}

async function read(req: IncomingMessage): Promise<Json> {
  let text = '';
  for await (const chunk of req) text += String(chunk);
  return text ? (JSON.parse(text) as Json) : {};
}
