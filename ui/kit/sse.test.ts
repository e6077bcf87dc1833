import { describe, expect, it } from 'vitest';
import { EventParser, type ServerEvent } from './sse.ts';

const text = ': ping\n\nevent: snapshot\nid: 7\ndata: {"a":1}\n\nevent: delta\r\ndata: one\r\ndata:two\r\n\r\ndata\n\nretry: 10\n\n';
const want: ServerEvent[] = [
  { event: 'snapshot', data: '{"a":1}', id: '7' },
  { event: 'delta', data: 'one\ntwo', id: '7' },
  { event: 'message', data: '', id: '7' },
];

describe('server-sent events', () => {
  it('reads a whole text', () => {
    expect(new EventParser().push(text)).toEqual(want);
  });

  it('reads the same however it is cut', () => {
    for (let cut = 1; cut <= text.length; cut++) {
      const p = new EventParser();
      const got: ServerEvent[] = [];
      for (let at = 0; at < text.length; at += cut) got.push(...p.push(text.slice(at, at + cut)));
      expect(got, `cut every ${cut}`).toEqual(want);
    }
  });

  it('waits for the end of an event', () => {
    const p = new EventParser();
    expect(p.push('data: x\n')).toEqual([]);
    expect(p.push('\n')).toEqual([{ event: 'message', data: 'x', id: '' }]);
  });
});
