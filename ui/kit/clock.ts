/**
 * The server's clock, as this page knows it. Timers count from the server's times, so they agree in every browser whatever
 * the computer's own clock says, and never run backwards.
 */
export class Clock {
  #offset: number;

  /** mono counts milliseconds steadily; wall is only the first guess before the server has spoken. */
  constructor(
    private mono: () => number = () => performance.now(),
    wall: () => number = () => Date.now(),
  ) {
    this.#offset = wall() - mono();
  }

  /**
   * Takes a time the server just said. A message is always late, never early, so the greatest offset is the truest;
   * a snapshot (whole) starts the comparison anew, because the server's clock may have been set.
   */
  sync(at: string, whole = false): void {
    const t = Date.parse(at);
    if (Number.isNaN(t)) return;
    const offset = t - this.mono();
    this.#offset = whole ? offset : Math.max(this.#offset, offset);
  }

  /** Milliseconds since 1970 by the server's clock. */
  now(): number {
    return this.mono() + this.#offset;
  }
}

/** since: milliseconds from then to now, never negative. */
export function since(then: string | undefined, now: number): number {
  const t = then ? Date.parse(then) : NaN;
  return Number.isNaN(t) ? 0 : Math.max(0, now - t);
}

/** until: milliseconds left, never negative. */
export function until(then: string | undefined, now: number): number {
  const t = then ? Date.parse(then) : NaN;
  return Number.isNaN(t) ? 0 : Math.max(0, t - now);
}

/** span: 0:07, 04:12, 1:02:05. The minutes of running timers have two digits so that a row never jumps. */
export function span(ms: number): string {
  const s = Math.floor(Math.max(0, ms) / 1000);
  const two = (n: number): string => String(n).padStart(2, '0');
  const h = Math.floor(s / 3600);
  return h ? `${h}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${two(Math.floor(s / 60))}:${two(s % 60)}`;
}

/** spoken: "4 minutes 12 seconds", for those who listen. */
export function spoken(ms: number): string {
  const s = Math.floor(Math.max(0, ms) / 1000);
  const m = Math.floor(s / 60);
  const unit = (n: number, w: string): string => `${n} ${w}${n === 1 ? '' : 's'}`;
  if (!m) return unit(s, 'second');
  return s % 60 ? `${unit(m, 'minute')} ${unit(s % 60, 'second')}` : unit(m, 'minute');
}
