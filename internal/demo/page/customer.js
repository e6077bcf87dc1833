// The customer's telephone: asks the demo to place real SIP calls and shows how they go.
'use strict';
const $ = (id) => document.getElementById(id);
const el = (tag, props = {}, ...children) => { const n = Object.assign(document.createElement(tag), props); n.append(...children); return n; };
const words = { calling: 'Calling…', ringing: 'Ringing…', answered: 'Talking', ended: 'Ended' };
let line = '';

async function ask(method, path, body) {
  const r = await fetch('/demo/' + path, { method, headers: body ? { 'Content-Type': 'application/json' } : {}, body: body && JSON.stringify(body) });
  if (r.status === 204) return null;
  const data = await r.json();
  if (!r.ok) throw new Error(data.message || 'The demo refused this.');
  return data;
}
function trouble(e) { $('trouble').textContent = e ? e.message : ''; $('trouble').hidden = !e; }
async function call(from, name) {
  try { trouble(); await ask('POST', 'calls', { from, name, to: line }); await show(); } catch (e) { trouble(e); }
}
async function show() {
  const { calls } = await ask('GET', 'calls');
  calls.sort((a, b) => (a.invitedAt < b.invitedAt ? 1 : -1));
  $('empty').hidden = calls.length > 0;
  $('calls').replaceChildren(...calls.map((c) => {
    const since = c.answeredAt ? Math.max(0, Math.floor(((c.endedAt ? Date.parse(c.endedAt) : Date.now()) - Date.parse(c.answeredAt)) / 1000)) : -1;
    const time = since >= 0 ? ` ${Math.floor(since / 60)}:${String(since % 60).padStart(2, '0')}` : '';
    const state = el('small', { className: c.state === 'answered' ? 'answered num' : 'num' }, (c.state === 'ended' ? c.why : words[c.state]) + time);
    const row = el('li', {}, el('div', { className: 'grow' }, el('b', { className: 'num' }, c.from || 'Number withheld'), state));
    if (c.state !== 'ended') row.append(el('button', { type: 'button', className: 'end', onclick: () => ask('DELETE', 'calls/' + c.id).then(show).catch(trouble) }, 'Hang up'));
    return row;
  }));
}
async function start() {
  const { samples, lines } = await ask('GET', 'world');
  line = lines[0]?.number || '';
  $('lines').append(...lines.map((l, n) => el('label', {}, el('input', { type: 'radio', name: 'line', checked: n === 0, onchange: () => { line = l.number; } }), el('span', {}, el('b', { className: 'num' }, l.number), el('small', {}, `${l.name} → queue ${l.queue}`)))));
  $('samples').append(...samples.map((s) => el('li', {}, el('div', { className: 'grow' }, el('b', {}, s.name), el('small', { className: 'num' }, (s.number || 'number withheld') + ' · ' + s.about)), el('button', { type: 'button', onclick: () => call(s.number, s.number ? s.name : '') }, 'Call'))));
  await show();
  setInterval(() => show().then(() => trouble(), trouble), 1000);
}
$('other').addEventListener('submit', (e) => { e.preventDefault(); call($('number').value.trim(), ''); });
start().catch(trouble);
