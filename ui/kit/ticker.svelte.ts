/** The page's one second hand: timers read ticker.now, so they all move together and one timer wakes the page. */
import { Clock } from './clock.ts';

class Ticker {
  clock = new Clock();
  now = $state(this.clock.now());
  #timer: ReturnType<typeof setTimeout> | null = null;

  start(): void {
    if (this.#timer) return;
    const beat = (): void => {
      this.now = this.clock.now();
      // On the server's whole second, so that no second is skipped or shown twice.
      this.#timer = setTimeout(beat, 1000 - (this.now % 1000) + 5);
    };
    beat();
  }

  sync(at: string, whole = false): void {
    this.clock.sync(at, whole);
    this.now = this.clock.now();
  }
}

export const ticker = new Ticker();
