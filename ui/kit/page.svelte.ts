/** The part of the address behind #: which page of this app is shown. A guard may hold the reader on a page (unsaved changes). */
class Page {
  path = $state(read());
  guard: ((leave: () => void) => boolean) | null = null;
  #sure = false;

  start(): void {
    addEventListener('hashchange', () => this.#moved());
  }

  go(path: string): void {
    location.hash = path;
  }

  /** Whether the address leads to this page or to one below it. */
  at(path: string): boolean {
    return this.path === path || this.path.startsWith(`${path}/`);
  }

  #moved(): void {
    const next = read();
    if (next === this.path) return;
    if (!this.#sure && this.guard) {
      const may = this.guard(() => {
        this.#sure = true;
        this.go(next);
      });
      if (!may) {
        history.replaceState(null, '', `#${this.path}`);
        return;
      }
    }
    this.#sure = false;
    this.path = next;
  }
}

function read(): string {
  return location.hash.replace(/^#/, '') || '/';
}

export const page = new Page();
