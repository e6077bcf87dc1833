/** Server-sent events, parsed from text as the WHATWG standard says. Comments are reported too: they prove the line is alive. */

export interface ServerEvent {
  event: string;
  data: string;
  id: string;
}

export class EventParser {
  #rest = '';
  #event = '';
  #data: string[] = [];
  #id = '';

  /** Takes a chunk of any size; returns the events it completed. */
  push(chunk: string): ServerEvent[] {
    const out: ServerEvent[] = [];
    this.#rest += chunk;
    for (;;) {
      const at = this.#rest.search(/[\r\n]/);
      if (at < 0) break;
      // A carriage return at the very end may be half of a pair: wait for the rest.
      if (this.#rest[at] === '\r' && at === this.#rest.length - 1) break;
      const line = this.#rest.slice(0, at);
      this.#rest = this.#rest.slice(at + (this.#rest.startsWith('\r\n', at) ? 2 : 1));
      this.#line(line, out);
    }
    return out;
  }

  #line(line: string, out: ServerEvent[]): void {
    if (line === '') {
      if (this.#data.length) out.push({ event: this.#event || 'message', data: this.#data.join('\n'), id: this.#id });
      this.#event = '';
      this.#data = [];
      return;
    }
    if (line.startsWith(':')) return;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    let value = colon < 0 ? '' : line.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'event') this.#event = value;
    else if (field === 'data') this.#data.push(value);
    else if (field === 'id' && !value.includes('\0')) this.#id = value;
  }
}
