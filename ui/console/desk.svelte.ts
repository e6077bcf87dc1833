/**
 * The agent's desk: what the live stream says, which interaction is looked at, and the commands. One per page.
 */
import type { Agent, Interaction, Me, SignOn, Status } from '../api/types.ts';
import { api, Problem, sentence } from '../kit/api.ts';
import { isOpen, Live, type Line, type View } from '../kit/live.ts';
import { store, stored, tabId } from '../kit/stored.ts';
import { ticker } from '../kit/ticker.svelte.ts';
import { toasts } from '../kit/toast.svelte.ts';
import { LogDraft } from './draft.svelte.ts';
import { PhoneHolder } from './phone.svelte.ts';

const base = '/api/v1/console';
const path = (i: Interaction, what: string): string => `${base}/interactions/${encodeURIComponent(i.id)}/${what}`;

/** A hang-up right after a change of state was meant for what stood there before. */
const GUARD_MS = 300;

export class Desk {
  readonly tab = tabId();
  view = $state.raw<View | null>(null);
  line = $state<Line>('connecting');
  selectedId = $state<string | null>(stored('selected', 'session') || null);
  /** Commands under way, by name and interaction. */
  busy = $state<Record<string, boolean>>({});
  /** Set when the session has ended, with why. */
  ended = $state<string | null>(null);
  readonly phone = new PhoneHolder(this.tab, (p) => this.#live.patch({ phone: p }));
  #live: Live;
  #drafts = new Map<string, LogDraft>();
  #states = new Map<string, { state: string; at: number }>();
  #seenOffer = '';

  constructor() {
    this.#live = new Live(`${base}/stream?tab=${encodeURIComponent(this.tab)}`, {
      view: (v, at, whole) => this.#take(v, at, whole),
      line: (l) => (this.line = l),
      bye: (why) => this.#bye(why),
    });
    api.onSignedOut = () => this.#bye('signed-out');
  }

  start(): void {
    ticker.start();
    this.#live.start();
    addEventListener('online', () => this.#live.nudge());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.#live.nudge());
  }

  stop(): void {
    this.#live.stop();
    this.phone.close();
  }

  get selected(): Interaction | null {
    return this.find(this.selectedId);
  }

  get offer(): Interaction | null {
    return this.view?.open.find((i) => i.role === 'offered' && i.offer) ?? null;
  }

  find(id: string | null): Interaction | null {
    if (!id || !this.view) return null;
    return this.view.open.find((i) => i.id === id) ?? this.view.recent.find((i) => i.id === id) ?? null;
  }

  select(id: string | null): void {
    this.selectedId = id;
    // A reload shows the same again (AGT-15).
    store('selected', id ?? '', 'session');
  }

  /** The words being typed for an interaction's log; kept while the agent looks elsewhere. */
  draft(id: string): LogDraft {
    let d = this.#drafts.get(id);
    if (!d) {
      d = new LogDraft(id, async (part) => {
        const i = this.find(id);
        if (!i) return;
        const mark = this.#live.mark();
        const { interaction } = await api.put<{ interaction: Interaction }>(path(i, 'write'), part);
        this.#live.merge(interaction, mark);
      });
      this.#drafts.set(id, d);
    }
    return d;
  }

  /** Takes a new sign-on state ahead of the stream's word about it. */
  signOn(s: SignOn): void {
    this.#live.patch({ crm: s });
  }

  // Commands.

  async status(s: Status): Promise<void> {
    await this.#run(`status`, async () => {
      const mark = this.#live.mark();
      const { agent } = await api.post<{ agent: Agent }>(`${base}/status`, { status: s });
      // An offer may have come in between; then the stream knows better.
      if (this.#live.mark() === mark) this.#live.patch({ agent });
    });
  }

  /** Ready to work is a click, so it may switch sound on and ask for the microphone ahead of the first call. */
  async ready(): Promise<void> {
    void this.phone.prepare();
    await this.status(4);
  }

  accept = (i: Interaction): Promise<void> => {
    void this.phone.prepare();
    return this.#command(i, 'accept', { offer: i.offer?.number });
  };

  reject = (i: Interaction): Promise<void> => this.#command(i, 'reject', { offer: i.offer?.number });

  async end(i: Interaction): Promise<void> {
    const known = this.#states.get(i.id);
    if (known && performance.now() - known.at < GUARD_MS) return;
    await this.#command(i, 'end', {});
  }

  async mute(i: Interaction, on: boolean): Promise<void> {
    // At once here, since it is the agent's privacy; undone when the server says no.
    this.phone.setMuted(on);
    await this.#command(i, 'mute', { on });
    const now = this.find(i.id);
    if (now && now.muted !== on) this.phone.setMuted(now.muted);
  }

  async endWrapup(i: Interaction): Promise<void> {
    if (!(await this.draft(i.id).flush())) {
      toasts.bad('What you typed is not saved yet, so wrap-up goes on. It is tried again by itself.');
      return;
    }
    await this.#command(i, 'end-wrapup', {});
  }

  workOffline = (i: Interaction): Promise<void> => this.#command(i, 'work-offline', {});
  searchAgain = (i: Interaction): Promise<void> => this.#command(i, 'pop/search', {});
  choose = (i: Interaction, kind: string, id: string): Promise<void> => this.#command(i, 'pop/choose', { kind, id });
  retryLog = (i: Interaction): Promise<void> => this.#command(i, 'log/retry', {});

  /** Creates a record; problems go to the form that asked. */
  async create(i: Interaction, kind: string, values: Record<string, string>, saveDuplicate: boolean): Promise<void> {
    const mark = this.#live.mark();
    const { interaction } = await api.post<{ interaction: Interaction }>(path(i, 'records'), { kind, values, saveDuplicate });
    this.#live.merge(interaction, mark);
  }

  async signOut(): Promise<void> {
    try {
      await Promise.all([...this.#drafts.values()].map((d) => d.flush()));
      await api.del('/api/v1/session');
    } catch (e) {
      if (!(e instanceof Problem && e.status === 401)) {
        toasts.bad(sentence(e));
        return;
      }
    }
    this.#bye('signed-out-here');
  }

  async #command(i: Interaction, what: string, body: object): Promise<void> {
    await this.#run(`${what}:${i.id}`, async () => {
      const mark = this.#live.mark();
      const answer = await api.post<{ interaction?: Interaction }>(path(i, what), body);
      if (answer?.interaction) this.#live.merge(answer.interaction, mark);
    });
  }

  async #run(name: string, f: () => Promise<void>): Promise<void> {
    if (this.busy[name]) return;
    this.busy[name] = true;
    try {
      await f();
    } catch (e) {
      if (!(e instanceof Problem && e.status === 401)) toasts.bad(sentence(e));
    } finally {
      delete this.busy[name];
    }
  }

  #take(v: View, at: string, whole: boolean): void {
    if (at) ticker.sync(at, whole);
    for (const i of v.open) {
      const state = i.handling?.state ?? i.state;
      if (this.#states.get(i.id)?.state !== state) this.#states.set(i.id, { state, at: performance.now() });
    }
    this.view = v;
    this.#choose(v);
    this.phone.follow(v);
    for (const [id, d] of this.#drafts) if (!v.open.some((i) => i.id === id)) void d.flush().then((safe) => safe && this.#drafts.delete(id));
  }

  /** Looking at something is never changed under the agent's hands, except that a new offer shows when nothing is open. */
  #choose(v: View): void {
    const offer = v.open.find((i) => i.role === 'offered' && i.offer);
    const key = offer ? `${offer.id}/${offer.offer?.number}` : '';
    const looking = this.find(this.selectedId);
    const working = v.open.find((i) => i.role === 'handling');
    if (offer && key !== this.#seenOffer && !working && (!looking || !isOpen(looking))) this.select(offer.id);
    this.#seenOffer = key;
    if (!this.find(this.selectedId)) this.select(working?.id ?? offer?.id ?? null);
  }

  #bye(why: string): void {
    this.stop();
    this.ended = why;
  }
}

export function isAgent(me: Me): boolean {
  return me.roles.includes('agent');
}
