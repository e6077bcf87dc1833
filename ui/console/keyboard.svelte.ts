/** This browser's shortcut table; it changes on screen as soon as it is changed. */
import { Keys, readSaved, type Action } from '../kit/keys.ts';
import { store, stored } from '../kit/stored.ts';

const mac = typeof navigator !== 'undefined' && /Mac|iPhone|iPad/.test(navigator.platform);

class Keyboard {
  table = $state.raw(new Keys(readSaved(stored('keys')), mac));

  hint(a: Action): string {
    return this.table.hint(a);
  }

  bind(a: Action, key: string): string {
    const next = new Keys(this.table.saved, mac);
    const why = next.bind(a, key);
    if (!why) this.#keep(next);
    return why;
  }

  setOff(off: boolean): void {
    this.#keep(new Keys({ ...this.table.saved, off }, mac));
  }

  reset(): void {
    this.#keep(new Keys({ off: this.table.saved.off, keys: {} }, mac));
  }

  #keep(k: Keys): void {
    this.table = k;
    store('keys', JSON.stringify(k.saved));
  }
}

export const keys = new Keyboard();
