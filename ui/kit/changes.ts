/** What differs between two documents, and how one's own changes are carried over to somebody else's version. */

type Doc = Record<string, unknown>;

function isDoc(x: unknown): x is Doc {
  return typeof x === 'object' && x !== null && !Array.isArray(x);
}

/** same: equal as JSON, whatever the order of an object's members. A missing member equals null-ish emptiness only when missing in both. */
export function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((x, n) => same(x, b[n]));
  if (isDoc(a) && isDoc(b)) return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((k) => same(a[k], b[k]));
  return false;
}

/** changes lists the paths (a.b.c) where two documents differ; a list counts as one. */
export function changes(a: unknown, b: unknown, at = ''): string[] {
  if (isDoc(a) && isDoc(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((k) => changes(a[k], b[k], at ? `${at}.${k}` : k));
  }
  return same(a, b) ? [] : [at];
}

/** rebase carries what I changed since base over to theirs; where only they changed, theirs stands. */
export function rebase<T>(base: T, mine: T, theirs: T): T {
  if (isDoc(base) && isDoc(mine) && isDoc(theirs)) {
    const out: Doc = {};
    for (const k of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
      const v = rebase(base[k], mine[k], theirs[k]);
      if (v !== undefined) out[k] = v;
    }
    return out as T;
  }
  return same(base, mine) ? theirs : mine;
}
