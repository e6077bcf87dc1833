/** Small things this browser remembers; a browser that forbids it only forgets. */
export function stored(key: string, where: 'local' | 'session' = 'local'): string {
  try {
    return (where === 'local' ? localStorage : sessionStorage).getItem(`cordboard.${key}`) ?? '';
  } catch {
    return '';
  }
}

export function store(key: string, value: string, where: 'local' | 'session' = 'local'): void {
  try {
    const s = where === 'local' ? localStorage : sessionStorage;
    if (value) s.setItem(`cordboard.${key}`, value);
    else s.removeItem(`cordboard.${key}`);
  } catch {
    // Private window or full: not remembered.
  }
}

/**
 * tabId names this tab through reloads. A duplicated tab copies the session store, so the name lies there only while the
 * page is going away: the copy finds none and makes its own.
 */
export function tabId(): string {
  const id = stored('tab', 'session') || crypto.randomUUID();
  store('tab', '', 'session');
  addEventListener('pagehide', () => store('tab', id, 'session'));
  addEventListener('pageshow', (e) => e.persisted && store('tab', '', 'session'));
  return id;
}
