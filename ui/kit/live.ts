/**
 * The live stream: what the console knows, kept equal to the server's word.
 *
 * Pure part: reduce() folds a snapshot and its numbered deltas into a View. Other part: Live holds the connection, opens it
 * again with back-off when it breaks or falls silent, and asks for a fresh snapshot when a number is missing (DESIGN §4.4).
 * It reads the stream with fetch rather than EventSource: that shows pings (a dead line is noticed) and the status 401.
 */
import type { Agent, CodeList, ConsoleSettings, Delta, Interaction, Me, Phone, SignOn, Snapshot, Waiting } from '../api/types.ts';
import { EventParser } from './sse.ts';

export interface View {
  n: number;
  me: Me;
  agent: Agent;
  /** Open ones: offered to this agent, or handled by him. */
  open: Interaction[];
  /** Final ones, and those that went on to somebody else; newest first. */
  recent: Interaction[];
  waiting: Waiting;
  phone: Phone;
  crm: SignOn;
  codeLists: CodeList[];
  settings: ConsoleSettings;
}

/** settled: lists that an answer left out or null are empty, so that no page has to ask. */
export function settled(i: Interaction): Interaction {
  const p = i.pop;
  return {
    ...i,
    codeLists: i.codeLists ?? [],
    handling: i.handling && { ...i.handling, codes: i.handling.codes ?? [], notes: i.handling.notes ?? '' },
    pop: p && {
      ...p,
      matches: p.matches ?? [],
      chosen: p.chosen ?? { kind: '', id: '' },
      details: p.details && { ...p.details, fields: p.details.fields ?? [], cases: p.details.cases ?? [], activities: p.details.activities ?? [] },
    },
  };
}

/** isOpen: it waits for this agent, or he is at it. */
export function isOpen(i: Interaction): boolean {
  if (i.role === 'offered') return i.state === 'offered';
  return i.role === 'handling' && i.handling?.state !== 'closed';
}

const RECENT = 40;

const lastSeen = (i: Interaction): string => i.handling?.closedAt ?? i.queuedAt ?? i.createdAt;

export function fromSnapshot(s: Snapshot): View {
  const byId = new Map([...(s.recent ?? []), ...(s.interactions ?? [])].map((i) => [i.id, settled(i)]));
  const all = [...byId.values()];
  return {
    n: s.n,
    me: s.me,
    agent: s.agent,
    open: order(all.filter(isOpen)),
    recent: all
      .filter((i) => !isOpen(i))
      .sort((a, b) => lastSeen(b).localeCompare(lastSeen(a)))
      .slice(0, RECENT),
    waiting: s.waiting,
    phone: s.phone,
    crm: s.crm,
    codeLists: s.codeLists ?? [],
    settings: s.settings,
  };
}

/** Ringing first, then by when they came: rows keep their places while they are worked on. */
function order(list: Interaction[]): Interaction[] {
  const rank = (i: Interaction): number => (i.role === 'offered' ? 0 : 1);
  return [...list].sort((a, b) => rank(a) - rank(b) || a.createdAt.localeCompare(b.createdAt));
}

/** withInteraction puts one interaction where it now belongs; an older version than the known one changes nothing. */
export function withInteraction(v: View, raw: Interaction): View {
  const i = settled(raw);
  const known = v.open.find((x) => x.id === i.id) ?? v.recent.find((x) => x.id === i.id);
  if (known && known.version > i.version) return v;
  const open = v.open.filter((x) => x.id !== i.id);
  if (isOpen(i)) return { ...v, open: order([...open, i]), recent: v.recent.filter((x) => x.id !== i.id) };
  const at = v.recent.findIndex((x) => x.id === i.id);
  const recent = at < 0 ? [i, ...v.recent].slice(0, RECENT) : v.recent.map((x) => (x.id === i.id ? i : x));
  return { ...v, open, recent };
}

export type Outcome = 'applied' | 'old' | 'gap';

/** reduce folds one delta in. On a gap the view stays as it is: only a new snapshot helps. */
export function reduce(v: View, d: Delta): { view: View; outcome: Outcome } {
  if (d.n <= v.n) return { view: v, outcome: 'old' };
  if (d.n > v.n + 1) return { view: v, outcome: 'gap' };
  const next: View = { ...v, n: d.n, agent: d.agent };
  return { view: d.interaction ? withInteraction(next, d.interaction) : next, outcome: 'applied' };
}

export type Line = 'connecting' | 'ok' | 'reconnecting' | 'lost';

export interface LiveDeps {
  fetch: typeof fetch;
  setTimeout: (f: () => void, ms: number) => unknown;
  clearTimeout: (t: unknown) => void;
  now: () => number;
  random: () => number;
}

const browser: LiveDeps = {
  fetch: (...a) => fetch(...a),
  setTimeout: (f, ms) => window.setTimeout(f, ms),
  clearTimeout: (t) => window.clearTimeout(t as number),
  now: () => performance.now(),
  random: () => Math.random(),
};

export interface LiveEvents {
  view(v: View, at: string, whole: boolean): void;
  line(l: Line): void;
  bye(reason: string): void;
}

/** No byte for this long means the line is dead: the server pings every 10 s. */
const SILENCE = 25_000;
/** Broken for this long is called lost; trying goes on. */
const LOST = 30_000;

export class Live {
  #view: View | null = null;
  #line: Line = 'connecting';
  #abort: AbortController | null = null;
  #tries = 0;
  #brokenAt: number | null = null;
  #retry: unknown = null;
  #watch: unknown = null;
  #stopped = false;
  /** Counts what the stream said, and when it last spoke of an interaction. */
  #said = 0;
  #saidOf = new Map<string, number>();
  #saidAll = 0;

  constructor(
    private url: string,
    private on: LiveEvents,
    private deps: LiveDeps = browser,
  ) {}

  start(): void {
    this.#stopped = false;
    void this.#open();
  }

  stop(): void {
    this.#stopped = true;
    this.deps.clearTimeout(this.#retry);
    this.deps.clearTimeout(this.#watch);
    this.#abort?.abort();
  }

  /** Try at once, e.g. when the network is back. */
  nudge(): void {
    if (this.#stopped || this.#line === 'ok') return;
    this.deps.clearTimeout(this.#retry);
    this.#abort?.abort();
    this.#tries = 0;
    void this.#open();
  }

  /** mark is taken before a command is sent, and handed to merge with its answer. */
  mark(): number {
    return this.#said;
  }

  /**
   * merge takes an interaction that a command answered with, ahead of its delta. An answer may also come late: what hangs on
   * an interaction without being in its row (its log, mute) changes without a new version, so of two pictures with the same
   * version the stream's wins when it came while the command was under way.
   */
  merge(i: Interaction, mark: number): void {
    if (!this.#view) return;
    const known = this.#view.open.find((x) => x.id === i.id) ?? this.#view.recent.find((x) => x.id === i.id);
    const heard = Math.max(this.#saidAll, this.#saidOf.get(i.id) ?? 0);
    if (known && heard > mark && known.version >= i.version) return;
    this.#view = withInteraction(this.#view, i);
    this.on.view(this.#view, '', false);
  }

  /** patch takes an unnumbered part: latest wins. */
  patch(part: Partial<Pick<View, 'waiting' | 'phone' | 'crm' | 'settings' | 'agent'>>): void {
    if (!this.#view) return;
    this.#view = { ...this.#view, ...part };
    this.on.view(this.#view, '', false);
  }

  async #open(): Promise<void> {
    const abort = new AbortController();
    this.#abort = abort;
    try {
      this.#listenForSilence(abort);
      const answer = await this.deps.fetch(this.url, { signal: abort.signal, cache: 'no-store', headers: { Accept: 'text/event-stream' } });
      if (answer.status === 401 || answer.status === 403) {
        this.#end(answer.status === 401 ? 'signed-out' : 'forbidden');
        return;
      }
      if (!answer.ok || !answer.body) throw new Error(`status ${answer.status}`);
      const reader = answer.body.getReader();
      const text = new TextDecoder();
      const parser = new EventParser();
      for (;;) {
        const { value, done } = await reader.read();
        if (done || abort.signal.aborted) break;
        this.#listenForSilence(abort);
        for (const e of parser.push(text.decode(value, { stream: true }))) {
          if (!this.#take(e.event, e.data)) {
            abort.abort();
            break;
          }
        }
      }
    } catch {
      // Broken or refused: falls through to trying again.
    }
    if (this.#abort === abort && !this.#stopped) this.#again();
  }

  /** Takes one event; false asks for a new connection. */
  #take(event: string, data: string): boolean {
    let parsed: unknown;
    try {
      parsed = JSON.parse(data);
    } catch {
      return false;
    }
    switch (event) {
      case 'snapshot': {
        const s = parsed as Snapshot;
        this.#view = fromSnapshot(s);
        this.#saidOf.clear();
        this.#saidAll = ++this.#said;
        this.#tries = 0;
        this.#brokenAt = null;
        this.#say('ok');
        this.on.view(this.#view, s.at, true);
        return true;
      }
      case 'delta': {
        if (!this.#view) return false;
        const d = parsed as Delta;
        const { view, outcome } = reduce(this.#view, d);
        if (outcome === 'gap') return false;
        if (outcome === 'applied') {
          this.#said++;
          if (d.interaction) this.#saidOf.set(d.interaction.id, this.#said);
          this.#view = view;
          this.on.view(view, d.at, false);
        }
        return true;
      }
      case 'waiting':
        this.patch({ waiting: parsed as Waiting });
        return true;
      case 'phone':
        this.patch({ phone: parsed as Phone });
        return true;
      case 'crm':
        this.patch({ crm: parsed as SignOn });
        return true;
      case 'settings':
        this.patch({ settings: parsed as ConsoleSettings });
        return true;
      case 'bye':
        this.#end((parsed as { reason?: string }).reason ?? '');
        return true;
      default:
        return true;
    }
  }

  #end(reason: string): void {
    this.stop();
    this.on.bye(reason);
  }

  #listenForSilence(abort: AbortController): void {
    this.deps.clearTimeout(this.#watch);
    this.#watch = this.deps.setTimeout(() => abort.abort(), SILENCE);
  }

  #again(): void {
    this.deps.clearTimeout(this.#watch);
    const now = this.deps.now();
    this.#brokenAt ??= now;
    const lost = now - this.#brokenAt >= LOST;
    this.#say(lost ? 'lost' : 'reconnecting');
    this.#retry = this.deps.setTimeout(() => void this.#open(), wait(this.#tries++, lost, this.deps.random()));
  }

  #say(l: Line): void {
    if (l === this.#line) return;
    this.#line = l;
    this.on.line(l);
  }
}

/** wait: 0.25 s doubling to 1.5 s at first (a short cut heals within 2 s), up to 8 s once lost; spread by ± 20 %. */
export function wait(tries: number, lost: boolean, random: number): number {
  const top = lost ? 8000 : 1500;
  return Math.round(Math.min(top, 250 * 2 ** Math.min(tries, 10)) * (0.8 + 0.4 * random));
}
