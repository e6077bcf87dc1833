/** safeLink lets only web addresses become links: https anywhere, http on this computer (the simulated org). */
export function safeLink(url: string | undefined): string | undefined {
  if (!url) return undefined;
  let u: URL;
  try {
    u = new URL(url);
  } catch {
    return undefined;
  }
  if (u.username || u.password) return undefined;
  if (u.protocol === 'https:') return u.href;
  const loopback = u.hostname === 'localhost' || u.hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(u.hostname);
  return u.protocol === 'http:' && loopback ? u.href : undefined;
}

/** initials of a name for its avatar: at most two, by first and last word. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/).filter((w) => /[\p{L}\p{N}]/u.test(w));
  const first = (w: string | undefined): string => [...(w ?? '')].find((c) => /[\p{L}\p{N}]/u.test(c))?.toUpperCase() ?? '';
  if (words.length === 0) return '?';
  return words.length === 1 ? first(words[0]) : first(words[0]) + first(words.at(-1));
}
