/** Lists of documents, read from the server; the small ones that other pages choose from. */
import type { Channel, CodeListDoc, Queue, Trunk, User } from '../api/manager.ts';
import { api, sentence } from '../kit/api.ts';

export const base = '/api/v1/manager';

export class List<T> {
  rows = $state.raw<T[]>([]);
  loading = $state(true);
  failed = $state('');

  constructor(
    private path: string,
    private member: string,
  ) {}

  async load(): Promise<void> {
    this.failed = '';
    try {
      const answer = await api.get<Record<string, T[] | null>>(`${base}/${this.path}`);
      this.rows = answer[this.member] ?? [];
    } catch (e) {
      this.failed = sentence(e);
    } finally {
      this.loading = false;
    }
  }
}

export const lists = {
  users: (): List<User> => new List<User>('users', 'users'),
  queues: (): List<Queue> => new List<Queue>('queues', 'queues'),
  channels: (): List<Channel> => new List<Channel>('channels', 'channels'),
  codes: (): List<CodeListDoc> => new List<CodeListDoc>('code-lists', 'codeLists'),
  trunks: (): List<Trunk> => new List<Trunk>('trunks', 'trunks'),
};

/** Countries by name, from what the browser knows. */
export function regions(): { code: string; name: string }[] {
  const names = new Intl.DisplayNames(['en'], { type: 'region', fallback: 'none' });
  const out: { code: string; name: string }[] = [];
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
  const not = new Set(['EU', 'EZ', 'UN', 'QO', 'XA', 'XB', 'ZZ']);
  for (const a of letters) {
    for (const b of letters) {
      const code = a + b;
      let name: string | undefined;
      try {
        name = names.of(code);
      } catch {
        continue;
      }
      if (name && !not.has(code)) out.push({ code, name });
    }
  }
  return out.sort((x, y) => x.name.localeCompare(y.name));
}

export function zones(): string[] {
  return ['UTC', ...Intl.supportedValuesOf('timeZone').filter((z) => z !== 'UTC')];
}
