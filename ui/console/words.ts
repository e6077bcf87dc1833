/** The console's sentences that depend on a state; kept together so that they can be read and tested in one place. */
import type { Agent, Interaction, Log, SignOn } from '../api/types.ts';
import type { Line } from '../kit/live.ts';
import type { PhoneHolder } from './phone.svelte.ts';
import type { IconName } from '../kit/icons.ts';

export type Mood = 'live' | 'ring' | 'wrap' | 'bad' | 'brand' | '';

export function statusMood(s: number): Mood {
  return ({ 4: 'brand', 6: 'ring', 7: 'live', 8: 'wrap' } as Record<number, Mood>)[s] ?? '';
}

/** Why the agent is in this status, when that is not his own choice. */
export function statusWhy(a: Agent): string {
  const own = a.by === '' || a.by === a.id || a.by === 'system';
  switch (a.reason) {
    case 'missed':
      return 'An offer ran out without an answer, so you are on break. The customer went on to another agent.';
    case 'rejected':
      return 'You rejected an offer, so you are on break. The customer went on to another agent.';
    case 'lost':
      return 'Your phone and console were both gone during a call, so you are on break. The customer is back at the head of the queue.';
    case 'sign-in':
      return 'You have just signed in. Calls come to you when you are ready.';
    case 'unreachable':
      return 'Your phone cannot be reached.';
    default:
      return own ? '' : 'This status was set by a supervisor.';
  }
}

export interface Mark {
  text: string;
  mood: Mood;
}

export function serverMark(l: Line): Mark {
  if (l === 'ok') return { text: 'Server', mood: 'live' };
  if (l === 'lost') return { text: 'Server: lost', mood: 'bad' };
  return { text: l === 'connecting' ? 'Server: connecting' : 'Server: reconnecting', mood: 'ring' };
}

export function phoneMark(endpoint: string, reachable: boolean, p: Pick<PhoneHolder, 'link' | 'mic' | 'sound'>): Mark {
  if (endpoint === 'sip') return reachable ? { text: 'Phone: desk phone', mood: 'live' } : { text: 'Phone: not registered', mood: 'bad' };
  if (p.link === 'elsewhere') return { text: 'Phone: in use elsewhere', mood: 'ring' };
  if (p.link === 'failed') return { text: 'Phone: not connected', mood: 'bad' };
  if (p.link === 'connecting' || p.link === 'off') return { text: 'Phone: connecting', mood: 'ring' };
  if (p.mic === 'denied') return { text: 'Phone: microphone blocked', mood: 'bad' };
  if (p.mic === 'missing' || p.mic === 'failed') return { text: 'Phone: no microphone', mood: 'bad' };
  if (p.sound === 'off') return { text: 'Phone: sound is off', mood: 'ring' };
  return { text: 'Phone: browser', mood: 'live' };
}

export function crmMark(s: SignOn, seat: boolean): Mark {
  if (!seat) return { text: 'Salesforce: no seat', mood: '' };
  if (s.result === 'CONNECTED') return { text: `Salesforce: ${s.userName || s.loginId || 'connected'}`, mood: 'live' };
  if (s.result === 'NOT_SET_UP' || !s.result) return { text: 'Salesforce: not set up', mood: 'ring' };
  if (s.result === 'UNREACHABLE') return { text: 'Salesforce: not reached', mood: 'ring' };
  return { text: 'Salesforce: not signed on', mood: 'bad' };
}

export const mediumIcon: Record<string, IconName> = { phone: 'phone', voicemail: 'voicemail', chat: 'chat', email: 'email' };
export const mediumWord: Record<string, string> = { phone: 'Call', voicemail: 'Voicemail', chat: 'Chat', email: 'E-mail' };

/** How a finished interaction's log stands, in a word or two. */
export function logWord(l: Log | undefined): { text: string; mood: Mood; link: boolean } {
  switch (l?.state) {
    case 'done':
      return { text: 'Logged', mood: 'live', link: true };
    case 'parked':
      return { text: 'Parked', mood: 'bad', link: false };
    case 'waiting':
      return { text: l.tries > 0 ? 'Trying again' : 'Waiting', mood: '', link: false };
    case 'running':
      return { text: 'Writing', mood: '', link: false };
    case 'dropped':
      return { text: 'Dropped', mood: '', link: false };
    default:
      return { text: 'No log', mood: '', link: false };
  }
}

/** What became of an interaction that was put to this agent and never became his. */
export function overWord(i: Interaction): string {
  if (i.role === 'passed') return 'Passed to another agent';
  return i.role === 'left' ? 'Customer left' : '';
}

/** The kinds a blank record can be of, in the order of the tabs. */
export const formKinds = ['Contact', 'Account', 'Lead', 'Case'] as const;

export function kindWord(k: string): string {
  return k === 'PersonAccount' ? 'Person account' : k;
}
