/**
 * A world to test in: `cordboard demo` on free ports with a data folder of its own, the org's controls, and customers.
 * Everything between a customer's INVITE and the Task in the org is the product itself.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';

const here = fileURLToPath(new URL('.', import.meta.url));
export const program = process.env.CORDBOARD ?? join(here, '../build/cordboard');
const ear = process.env.CORDBOARD_EAR ?? join(here, '../build/ear');

export const MAIN = '+18661231234'; // queue Support, no codes
export const BILLING = '+18665550100'; // queue Billing, an outcome is needed
export const PASSWORD = 'cordboard-demo';

/** Asks until the answer is truthy, and returns it; what was expected is said when time is over. */
export async function until(what, ask, ms = 8000, every = 50) {
  const end = Date.now() + ms;
  let last;
  for (;;) {
    try {
      const answer = await ask();
      if (answer) return answer;
      last = answer;
    } catch (e) {
      last = e;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms${last instanceof Error ? ` (${last.message})` : ''}`);
    await pause(every);
  }
}

/** Runs a long-lived program and resolves with its first line on stdout, or its first on stderr that fits. */
export async function run(args, { ready, json = false, binary = program } = {}) {
  const child = spawn(binary, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const said = [];
  child.stderr.on('data', (b) => said.push(String(b)));
  const gone = once(child, 'exit');
  const first = json
    ? once(createInterface({ input: child.stdout }), 'line').then(([l]) => JSON.parse(l))
    : ready
      ? until(`${args[0]} is up`, () => ready(said.join('')), 20000)
      : undefined;
  const died = gone.then(([code]) => {
    throw new Error(`${args.join(' ')} ended with ${code}: ${said.join('')}`);
  });
  died.catch(() => undefined);
  const line = await Promise.race([first, died]);
  return {
    line,
    pid: child.pid,
    said: () => said.join(''),
    /** SIGTERM, as a person stops it; SIGKILL when asked. */
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await gone;
      }
    },
  };
}

/** Starts a demo. `data` keeps it between runs; `at` (host:port of each) puts it where an earlier one was. */
export async function startWorld({ data, at } = {}) {
  const own = data ? '' : await mkdtemp(join(tmpdir(), 'cordboard-e2e-'));
  const args = ['demo', '--json', '--listen', at?.web ?? '127.0.0.1:0', '--org-listen', at?.org ?? '127.0.0.1:0', '--sip-listen', at?.sip ?? '127.0.0.1:0', '--data', data ?? own];
  const server = await run(args, { json: true });
  const w = server.line;
  const base = w.console.replace(/\/console\/$/, '');
  const world = {
    ...customers(base, w.sip),
    base,
    console: w.console,
    manager: w.manager,
    orgUrl: w.org,
    sip: w.sip,
    at: { web: new URL(base).host, org: new URL(w.org).host, sip: w.sip },
    org: orgAt(w.org),
    said: server.said,
    /** As a power cut does: nobody says goodbye, the customers' telephones are gone with it. */
    kill: () => server.stop('SIGKILL'),
    async stop() {
      await world.hangUpAll();
      await server.stop();
      if (own) await rm(own, { recursive: true, force: true });
    },
  };
  return world;
}

/** Signs in without a browser and gives a way to ask the API: what a page would get, read as data. */
export async function signInApi(base, userId, password = PASSWORD) {
  const json = { 'Content-Type': 'application/json' };
  const r = await fetch(`${base}/api/v1/session`, { method: 'POST', headers: json, body: JSON.stringify({ userId, password }) });
  if (!r.ok) throw new Error(`${userId} cannot sign in: ${r.status} ${await r.text()}`);
  const cookie = r.headers.getSetCookie().map((c) => c.split(';')[0]).join('; ');
  const ask = async (method, path, body) => {
    const answer = await fetch(base + path, { method, headers: { cookie, ...(body ? json : {}) }, body: body && JSON.stringify(body) });
    const text = await answer.text();
    const value = text ? JSON.parse(text) : null;
    if (!answer.ok) throw Object.assign(new Error(`${method} ${path}: ${answer.status} ${text}`), { status: answer.status, problem: value });
    return value;
  };
  ask.cookie = cookie;
  return ask;
}

/** The customers of a demo: they call with real SIP telephones. */
export function customers(base, sip) {
  const live = new Set();
  return {
    /** A customer of the demo's own page. */
    async callFrom(from, { to = MAIN, name = '' } = {}) {
      const ask = (method, path, body) => fetch(`${base}/demo/${path}`, { method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) });
      const placed = await ask('POST', 'calls', { from, to, name });
      if (placed.status !== 201) throw new Error(`calling ${to}: ${placed.status} ${await placed.text()}`);
      const { id } = await placed.json();
      const call = {
        state: async () => (await (await ask('GET', 'calls')).json()).calls.find((c) => c.id === id)?.state ?? 'ended',
        hangUp: async () => void (await ask('DELETE', `calls/${id}`)),
      };
      live.add(call);
      return call;
    },
    /** A customer who tells what he hears: `share()` is the newest 200 ms's share of 1000 Hz. */
    async listener(from, { to = MAIN, name = '' } = {}) {
      const child = spawn(ear, ['-server', sip, '-from', from, '-to', to, '-name', name], { stdio: ['pipe', 'pipe', 'inherit'] });
      const gone = once(child, 'exit');
      const events = [];
      createInterface({ input: child.stdout }).on('line', (l) => events.push(JSON.parse(l)));
      const call = {
        events,
        has: (event) => events.some((e) => e.event === event),
        shares: () => events.filter((e) => e.event === 'heard').map((e) => e.share),
        hangUp: async () => {
          child.stdin.end();
          await gone;
        },
      };
      live.add(call);
      return call;
    },
    async hangUpAll() {
      await Promise.all([...live].map((c) => c.hangUp().catch(() => undefined)));
      live.clear();
    },
  };
}

/** What the simulated org is told and asked behind Salesforce's back. */
export function orgAt(url) {
  const ask = async (method, path, body) => {
    const r = await fetch(`${url}/_sim/${path}`, { method, body: body && JSON.stringify(body) });
    if (!r.ok) throw new Error(`${method} /_sim/${path}: ${r.status} ${await r.text()}`);
    return r.status === 204 ? null : r.json();
  };
  const org = {
    fault: (f) => ask('POST', 'faults', f),
    noFaults: () => ask('DELETE', 'faults'),
    /** Says afterwards whether requests of this kind came, without disturbing them: a fault that is used up by `times`. */
    async tripwire(match, times = 1) {
      const { id } = await org.fault({ kind: 'delay', delay_ms: 0, match, times });
      return async () => !(await ask('GET', 'faults')).some((f) => f.id === id);
    },
    expireSessions: (user) => ask('POST', `sessions/expire?user=${encodeURIComponent(user)}`),
    records: async (object) => (await ask('GET', `records/${object}`)).filter((r) => !r.IsDeleted),
    ledger: (object) => ask('GET', `ledger?object=${object}`),
    /** Tasks that Cordboard wrote. */
    logs: async () => (await org.records('Task')).filter((t) => t.CC_Interaction_Key__c),
    /** Waits until Cordboard has written n Tasks in all. */
    waitLogs: (n, ms = 8000) => until(`${n} Tasks in the org`, async () => ((await org.logs()).length >= n ? org.logs() : null), ms),
    find: async (object, name) => (await org.records(object)).find((r) => r.Name === name || [r.FirstName, r.LastName].filter(Boolean).join(' ') === name),
  };
  return org;
}
