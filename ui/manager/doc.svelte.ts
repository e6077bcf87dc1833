/** One document on a page: loaded, edited, saved as a whole with the version it was read at (SPEC CFG-2). */
import { Problem, sentence } from '../kit/api.ts';
import { changes, rebase } from '../kit/changes.ts';

export class Doc<T extends { version?: number }> {
  /** As it was read; null until then. */
  base = $state.raw<T | null>(null);
  /** As it stands on the page. */
  edit = $state<T | null>(null);
  errors = $state<Record<string, string>>({});
  problem = $state('');
  /** "Changed by … at …": somebody saved meanwhile. */
  conflict = $state('');
  loading = $state(false);
  failed = $state('');
  saving = $state(false);

  constructor(
    private read: () => Promise<T>,
    private write: (t: T) => Promise<T>,
    readonly isNew = false,
  ) {}

  get changes(): string[] {
    if (!this.base || !this.edit) return [];
    return changes(this.base, $state.snapshot(this.edit)).filter((p) => p !== 'version');
  }

  async load(): Promise<void> {
    this.loading = true;
    this.failed = '';
    try {
      const t = await this.read();
      this.base = t;
      this.edit = structuredClone(t);
    } catch (e) {
      this.failed = sentence(e);
    } finally {
      this.loading = false;
    }
  }

  /** True when it was saved. On a refusal everything typed stays, and every fault stands at its field. */
  async save(): Promise<T | null> {
    if (!this.edit || this.saving) return null;
    this.saving = true;
    this.errors = {};
    this.problem = '';
    this.conflict = '';
    try {
      const t = await this.write($state.snapshot(this.edit) as T);
      this.base = t;
      this.edit = structuredClone(t);
      return t;
    } catch (e) {
      if (e instanceof Problem && e.code === 'CHANGED') this.conflict = e.message;
      else {
        this.problem = sentence(e);
        if (e instanceof Problem) this.errors = e.fields;
      }
      return null;
    } finally {
      this.saving = false;
    }
  }

  discard(): void {
    this.edit = this.base ? structuredClone(this.base) : null;
    this.errors = {};
    this.problem = '';
    this.conflict = '';
  }

  /** Takes the version that somebody else saved and puts one's own changes on top. */
  async reload(): Promise<void> {
    if (!this.base || !this.edit) return;
    try {
      const theirs = await this.read();
      const mine = $state.snapshot(this.edit) as T;
      this.edit = structuredClone({ ...rebase(this.base, mine, theirs), version: theirs.version });
      this.base = theirs;
      this.conflict = '';
    } catch (e) {
      this.problem = sentence(e);
    }
  }
}
