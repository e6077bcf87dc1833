/** Light, dark, or as the system says; remembered in this browser. */
export type Theme = 'system' | 'light' | 'dark';
const KEY = 'cordboard.theme';

function read(): Theme {
  try {
    const t = localStorage.getItem(KEY);
    return t === 'light' || t === 'dark' ? t : 'system';
  } catch {
    return 'system';
  }
}

class ThemeChoice {
  current = $state<Theme>(read());

  apply(): void {
    if (this.current === 'system') delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.current;
  }

  set(t: Theme): void {
    this.current = t;
    try {
      if (t === 'system') localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, t);
    } catch {
      // Private window: lasts until the page closes.
    }
    this.apply();
  }
}

export const theme = new ThemeChoice();
