/** Dates for people, in the tenant's time zone (SPEC GEN-6). */

const cache = new Map<string, Intl.DateTimeFormat>();

function format(zone: string, o: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(o);
  let f = cache.get(key);
  if (!f) {
    try {
      f = new Intl.DateTimeFormat('en-GB', { ...o, timeZone: zone || 'UTC' });
    } catch {
      f = new Intl.DateTimeFormat('en-GB', { ...o, timeZone: 'UTC' });
    }
    cache.set(key, f);
  }
  return f;
}

function parsed(at: string | undefined): Date | null {
  if (!at) return null;
  const d = new Date(at);
  return Number.isNaN(d.getTime()) || d.getTime() <= 0 ? null : d;
}

/** 14:02 */
export function clockTime(at: string | undefined, zone: string): string {
  const d = parsed(at);
  return d ? format(zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(d) : '';
}

/** 22 Nov 2026, 14:02 */
export function dateTime(at: string | undefined, zone: string): string {
  const d = parsed(at);
  if (!d) return '';
  return format(zone, { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(d);
}

/** day: 19 Nov, with the year when it is not this one. Takes yyyy-mm-dd (a day has no zone). */
export function day(ymd: string | undefined, thisYear: number): string {
  const m = /^(\d{4})-(\d{2})-(\d{2})/.exec(ymd ?? '');
  if (!m) return '';
  const d = new Date(`${m[1]}-${m[2]}-${m[3]}T00:00:00Z`);
  const o: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short' };
  return format('UTC', Number(m[1]) === thisYear ? o : { ...o, year: 'numeric' }).format(d);
}

/** The zone's short name as of that moment, e.g. CET or GMT+1. */
export function zoneName(zone: string, at: number): string {
  const part = format(zone, { timeZoneName: 'short', hour: '2-digit' }).formatToParts(new Date(at)).find((p) => p.type === 'timeZoneName');
  return part?.value ?? zone;
}

/** sameDay in that zone. */
export function sameDay(a: string | undefined, now: number, zone: string): boolean {
  const d = parsed(a);
  if (!d) return false;
  const f = format(zone, { year: 'numeric', month: '2-digit', day: '2-digit' });
  return f.format(d) === f.format(new Date(now));
}

/** ago: just now, 2 s ago, 3 min ago, 5 h ago, 2 days ago */
export function ago(ms: number): string {
  const s = Math.floor(Math.max(0, ms) / 1000);
  if (s < 2) return 'just now';
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.floor(s / 60)} min ago`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h ago`;
  return `${Math.floor(s / 86_400)} days ago`;
}
