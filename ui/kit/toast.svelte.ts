/** Short words about what just happened; they leave by themselves, trouble stays until it is closed. */
export interface Toast {
  id: number;
  text: string;
  kind: 'ok' | 'bad';
}

class Toasts {
  list = $state<Toast[]>([]);
  #next = 1;

  ok(text: string): void {
    this.#add(text, 'ok', 5000);
  }

  bad(text: string): void {
    this.#add(text, 'bad', 0);
  }

  close(id: number): void {
    this.list = this.list.filter((t) => t.id !== id);
  }

  #add(text: string, kind: Toast['kind'], ms: number): void {
    const id = this.#next++;
    // The same words once; at most four at a time.
    this.list = [...this.list.filter((t) => t.text !== text), { id, text, kind }].slice(-4);
    if (ms) setTimeout(() => this.close(id), ms);
  }
}

export const toasts = new Toasts();
