/** What an agent types into one interaction's log window, until the server has it (SPEC AGT-13). */
import type { Code, Interaction, Ref } from '../api/types.ts';
import { Autosave, type SaveState } from '../kit/autosave.ts';
import { store, stored } from '../kit/stored.ts';
import { ticker } from '../kit/ticker.svelte.ts';

export interface WritePart {
  subject: string | null;
  notes: string;
  codes: Code[];
  who: Ref | null;
  what: Ref | null;
}

export class LogDraft {
  state = $state<SaveState>('idle');
  reason = $state('');
  fields = $state<Record<string, string>>({});
  savedAt = $state(0);
  /** Local words win over the server's while they are typed or not yet safe. */
  #local = $state.raw<Partial<WritePart>>({});
  #focused = $state<Partial<Record<keyof WritePart, boolean>>>({});
  #auto: Autosave<WritePart>;

  constructor(
    private id: string,
    send: (part: Partial<WritePart>) => Promise<void>,
  ) {
    this.#auto = new Autosave<WritePart>(send, (a) => {
      this.state = a.state;
      this.reason = a.reason;
      this.fields = a.fields;
      this.#keep();
      if (a.state === 'saved') {
        this.savedAt = ticker.clock.now();
        this.#forget();
      }
    });
    // Typed in the instant before a reload, or while the server was away.
    const left = stored(`draft.${id}`, 'session');
    if (left) {
      try {
        this.put(JSON.parse(left) as Partial<WritePart>);
      } catch {
        store(`draft.${id}`, '', 'session');
      }
    }
  }

  put(part: Partial<WritePart>, soon = false): void {
    this.#local = { ...this.#local, ...part };
    this.#auto.put(part, soon);
  }

  focus(field: keyof WritePart, on: boolean): void {
    this.#focused[field] = on;
    if (!on && !this.#auto.dirty) this.#forget();
  }

  flush(): Promise<boolean> {
    return this.#auto.flush();
  }

  subject(i: Interaction): string {
    return this.#local.subject ?? i.handling?.subject ?? i.draft?.subject ?? '';
  }

  notes(i: Interaction): string {
    return this.#local.notes ?? i.handling?.notes ?? '';
  }

  codes(i: Interaction): Code[] {
    return this.#local.codes ?? i.handling?.codes ?? [];
  }

  /** Clean fields follow the server again, but none while the cursor stands in it. */
  #forget(): void {
    const kept: Partial<WritePart> = {};
    for (const k of Object.keys(this.#local) as (keyof WritePart)[]) {
      if (this.#focused[k]) Object.assign(kept, { [k]: this.#local[k] });
    }
    this.#local = kept;
  }

  #keep(): void {
    const pending = this.#auto.state === 'saved' ? {} : this.#local;
    store(`draft.${this.id}`, Object.keys(pending).length ? JSON.stringify(pending) : '', 'session');
  }
}
