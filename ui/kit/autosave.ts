/**
 * Saving while somebody types: at most one request at a time, the latest words win, nothing typed is ever dropped.
 * A refusal (422) is shown and waits for the next change; anything else is tried again by itself.
 */
import { Problem, sentence } from './api.ts';

export type SaveState = 'idle' | 'typing' | 'saving' | 'saved' | 'failed' | 'refused';

export interface AutosaveDeps {
  setTimeout: (f: () => void, ms: number) => unknown;
  clearTimeout: (t: unknown) => void;
}

const browser: AutosaveDeps = {
  setTimeout: (f, ms) => globalThis.setTimeout(f, ms),
  clearTimeout: (t) => globalThis.clearTimeout(t as number),
};

export class Autosave<T extends object> {
  state: SaveState = 'idle';
  /** Why, while failed or refused. */
  reason = '';
  fields: Record<string, string> = {};
  #pending: Partial<T> = {};
  #timer: unknown = null;
  #running: Promise<void> | null = null;
  #tries = 0;

  constructor(
    private send: (part: Partial<T>) => Promise<void>,
    private changed: (a: Autosave<T>) => void,
    /** Under a second in all, since what is typed must be safe ≤ 1 s after typing (SPEC AGT-13). */
    private delay = 500,
    private deps: AutosaveDeps = browser,
  ) {}

  /** What is not yet known to be safe. */
  get pending(): Partial<T> {
    return this.#pending;
  }

  get dirty(): boolean {
    return Object.keys(this.#pending).length > 0 || this.#running !== null;
  }

  put(part: Partial<T>, soon = false): void {
    this.#pending = { ...this.#pending, ...part };
    this.#say('typing');
    this.#tries = 0;
    this.#later(soon ? 0 : this.delay);
  }

  /** Sends what is pending now; resolves when it is safe, false when it is not. */
  async flush(): Promise<boolean> {
    this.deps.clearTimeout(this.#timer);
    while (this.#running) await this.#running;
    if (Object.keys(this.#pending).length) await this.#save();
    return !this.dirty;
  }

  stop(): void {
    this.deps.clearTimeout(this.#timer);
  }

  #later(ms: number): void {
    this.deps.clearTimeout(this.#timer);
    this.#timer = this.deps.setTimeout(() => {
      if (!this.#running) void this.#save();
    }, ms);
  }

  #save(): Promise<void> {
    const part = this.#pending;
    this.#pending = {};
    this.#say('saving');
    const run = this.send(part).then(
      () => {
        this.#running = null;
        this.#tries = 0;
        this.fields = {};
        if (Object.keys(this.#pending).length) {
          this.#say('typing');
          this.#later(this.delay);
        } else this.#say('saved');
      },
      (e: unknown) => {
        this.#running = null;
        // Newer words win over the ones that failed.
        this.#pending = { ...part, ...this.#pending };
        const p = e instanceof Problem ? e : null;
        this.reason = sentence(e);
        this.fields = p?.fields ?? {};
        if (p && p.status >= 400 && p.status < 500 && p.status !== 408 && p.status !== 429) {
          this.#say('refused');
          return;
        }
        this.#say('failed');
        this.#later(Math.min(15_000, 1000 * 2 ** this.#tries++));
      },
    );
    this.#running = run;
    return run;
  }

  #say(s: SaveState): void {
    this.state = s;
    if (s === 'typing' || s === 'saved') this.reason = '';
    this.changed(this);
  }
}
