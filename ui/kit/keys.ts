/**
 * Keyboard shortcuts. They go by the letter that is typed (event.key), not by where the key sits; AltGr never counts, since
 * it types characters on many keyboards. Bindings can be changed and switched off; what a browser keeps for itself is refused.
 */
export type Action = 'accept' | 'reject' | 'mute' | 'hangup' | 'endWrapup' | 'status';

export interface Shortcut {
  action: Action;
  label: string;
  /** The letter, with Ctrl+Shift held. */
  key: string;
}

export const defaults: readonly Shortcut[] = [
  { action: 'accept', label: 'Accept', key: 'a' },
  { action: 'reject', label: 'Reject', key: 'd' },
  { action: 'mute', label: 'Mute or unmute', key: 'm' },
  { action: 'hangup', label: 'Hang up', key: 'e' },
  { action: 'endWrapup', label: 'End wrap-up', key: 'u' },
  { action: 'status', label: 'Open the status menu', key: 's' },
];

/** With Ctrl+Shift these belong to browsers: close, new window, new tab, quit, private window, developer tools. */
const reserved = new Set(['t', 'w', 'n', 'q', 'p', 'i', 'j', 'c', 'r']);

export interface KeyLike {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  altKey: boolean;
  repeat?: boolean;
  getModifierState?(m: string): boolean;
}

export interface Saved {
  off: boolean;
  keys: Partial<Record<Action, string>>;
}

export class Keys {
  constructor(
    public saved: Saved = { off: false, keys: {} },
    private mac = false,
  ) {}

  list(): Shortcut[] {
    return defaults.map((d) => ({ ...d, key: this.saved.keys[d.action] ?? d.key }));
  }

  /** The action that this key press asks for, or null. */
  match(e: KeyLike): Action | null {
    if (this.saved.off || e.repeat || e.altKey || e.getModifierState?.('AltGraph')) return null;
    const control = this.mac ? e.metaKey || e.ctrlKey : e.ctrlKey && !e.metaKey;
    if (!control || !e.shiftKey) return null;
    const key = e.key.toLowerCase();
    return this.list().find((s) => s.key === key)?.action ?? null;
  }

  /** Why this letter cannot be bound to the action; '' when it can. */
  refusal(action: Action, key: string): string {
    const k = key.toLowerCase();
    if (!/^[a-z0-9]$/.test(k)) return 'Use one letter or digit.';
    if (reserved.has(k)) return `Browsers keep ${this.combo(k)} for themselves. Choose another letter.`;
    const other = this.list().find((s) => s.key === k && s.action !== action);
    return other ? `${this.combo(k)} is already “${other.label}”. Choose another letter, or change that one first.` : '';
  }

  bind(action: Action, key: string): string {
    const why = this.refusal(action, key);
    if (!why) this.saved = { ...this.saved, keys: { ...this.saved.keys, [action]: key.toLowerCase() } };
    return why;
  }

  /** As shown beside the action; '' while shortcuts are off. */
  hint(action: Action): string {
    if (this.saved.off) return '';
    return this.combo(this.list().find((s) => s.action === action)!.key);
  }

  /** For aria-keyshortcuts. */
  aria(action: Action): string | undefined {
    if (this.saved.off) return undefined;
    return `${this.mac ? 'Meta' : 'Control'}+Shift+${this.list().find((s) => s.action === action)!.key.toUpperCase()}`;
  }

  combo(key: string): string {
    return `${this.mac ? '⌘' : 'Ctrl'} ⇧ ${key.toUpperCase()}`;
  }
}

/** readSaved takes what was stored, whatever it is. */
export function readSaved(text: string | null): Saved {
  const out: Saved = { off: false, keys: {} };
  try {
    const raw: unknown = JSON.parse(text ?? 'null');
    if (!raw || typeof raw !== 'object') return out;
    const r = raw as { off?: unknown; keys?: unknown };
    out.off = r.off === true;
    if (r.keys && typeof r.keys === 'object') {
      const probe = new Keys(out);
      for (const [a, k] of Object.entries(r.keys)) {
        if (defaults.some((d) => d.action === a) && typeof k === 'string') probe.bind(a as Action, k);
      }
      return { off: out.off, keys: probe.saved.keys };
    }
  } catch {
    // Not ours, or broken: the defaults.
  }
  return out;
}
