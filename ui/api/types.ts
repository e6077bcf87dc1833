/**
 * The words that server and pages exchange (JSON, camelCase, times RFC 3339 UTC).
 *
 * Written by hand from the contract for now. The rest of the code imports from here only, so that types generated from
 * the server's OpenAPI document can take this file's place without another change.
 */

export type Time = string;

export interface FieldError {
  field: string;
  code: string;
  message: string;
}

export interface Me {
  agentId: string;
  userId: string;
  name: string;
  roles: ('admin' | 'supervisor' | 'agent')[];
  tenant: string;
  tenantLabel: string;
  timeZone: string;
  region: string;
  seat: boolean;
  endpoint: Endpoint;
  version: string;
  serverTime: Time;
}

export type Endpoint = 'browser' | 'sip';
export type Medium = 'phone' | 'voicemail' | 'chat' | 'email';

/** 1 Logged out, 3 On Break, 4 Available, 5 Work Offline, 6 Offered, 7 Busy, 8 Wrap-up (SPEC AGT-3). */
export type Status = 1 | 3 | 4 | 5 | 6 | 7 | 8;

export interface Agent {
  id: string;
  status: Status;
  statusName: string;
  since: Time;
  reason: string;
  by: string;
}

export interface Waiting {
  waiting: number;
  longestSince?: Time;
  available: number;
  signedIn: number;
}

export interface Phone {
  endpoint: Endpoint;
  /** The tab that holds the browser phone. */
  owner?: string;
  mine: boolean;
  reachable: boolean;
  /** 'mute', 'hold', … only what the switch can do. */
  abilities: string[];
}

export interface SignOn {
  kind: 'password' | 'jwt' | '';
  loginId: string;
  savedAt?: Time;
  /** CONNECTED, INVALID_LOGIN, …, NOT_SET_UP (SPEC SF-9). */
  result: string;
  message: string;
  remedy: string;
  checkedAt?: Time;
  userName?: string;
  orgName?: string;
  instance?: string;
  kinds: string[];
  /** The dated notice about password sign-on (SPEC SF-7). */
  sunset?: string;
}

export interface Ref {
  kind: string;
  id: string;
}

export interface Match extends Ref {
  name: string;
  company?: string;
  accountId?: string;
  matchedOn: string;
  lastActivity?: string;
  exact: boolean;
  closed?: boolean;
  url?: string;
}

export interface RecordField {
  name: string;
  label: string;
  value: string;
  type: string;
}

export interface Line extends Ref {
  title: string;
  note?: string;
  date?: string;
  url?: string;
}

export interface Rec extends Ref {
  name: string;
  title?: string;
  company?: string;
  accountId?: string;
  owner?: string;
  lastActivity?: string;
  url?: string;
  fields: RecordField[];
  cases: Line[];
  activities: Line[];
}

export interface Pop {
  key: { by: string; value: string; raw?: string; refusal?: string };
  state: 'searching' | 'found' | 'none' | 'refused' | 'not_searched';
  matches: Match[];
  more: boolean;
  chosen: Ref;
  chosenBy?: string;
  details?: Rec;
  formKind?: string;
  reason?: string;
  reasonCode?: string;
  as?: string;
  source?: string;
  tookMs: number;
  shown: boolean;
  shownAt?: Time;
  trigger?: string;
  over?: 'passed' | 'left' | '';
  message: string;
}

export interface Draft {
  subject: string;
  description: string;
  disposition: string;
  who?: Match;
  what?: { kind: string; id: string; name: string };
  standAlone: boolean;
  why?: string;
}

export interface Log {
  state: 'waiting' | 'running' | 'done' | 'parked' | 'dropped' | 'none';
  key?: string;
  code?: string;
  reason?: string;
  tries: number;
  next?: Time;
  url?: string;
  recordId?: string;
  adjusted?: string[];
}

export interface CodeList {
  id: number;
  name: string;
  required: boolean;
  multiple: boolean;
  items: { id: number; text: string; reportText: string }[];
}

export interface Code {
  list: number;
  item: number;
  reportText?: string;
}

export interface Handling {
  number: number;
  state: 'accepted' | 'wrapup' | 'closed';
  acceptedAt: Time;
  completedAt?: Time;
  closedAt?: Time;
  wrapupUntil?: Time;
  stopped: boolean;
  /** A required list has no code yet; wrap-up does not end by itself until it has. */
  codesNeeded: boolean;
  /** Closed without them. */
  codesMissing: boolean;
  codes: Code[];
  endedBy: string;
  reason: string;
  talkSeconds: number;
  subject?: string;
  notes: string;
  /** The agent's own choice; an empty id means: nobody. */
  who?: Ref;
  what?: Ref;
}

export interface Interaction {
  id: string;
  transaction: number;
  medium: Medium;
  state: string;
  role: 'offered' | 'handling' | 'done' | 'passed' | 'left';
  ani: string;
  aniDisplay: string;
  withheld: boolean;
  name: string;
  title: string;
  dnis: string;
  dnisDisplay: string;
  email: string;
  caseNumber: string;
  queue: string;
  channel: string;
  createdAt: Time;
  queuedAt?: Time;
  waitSeconds: number;
  offer?: { number: number; at: Time; deadline: Time; byDevice: boolean };
  handling?: Handling;
  muted: boolean;
  codeLists: number[];
  wrapupSeconds: number;
  pop?: Pop;
  draft?: Draft;
  log?: Log;
  version: number;
}

export interface ConsoleSettings {
  allowReject: boolean;
  screenPop: boolean;
  autoLog: boolean;
  logWindow: boolean;
  target: string;
  integration: string;
  tenantTimeZone: string;
}

export interface Snapshot {
  n: number;
  at: Time;
  me: Me;
  agent: Agent;
  interactions: Interaction[];
  recent: Interaction[];
  waiting: Waiting;
  phone: Phone;
  crm: SignOn;
  codeLists: CodeList[];
  settings: ConsoleSettings;
}

export interface Delta {
  n: number;
  at: Time;
  agent: Agent;
  interaction?: Interaction;
}

export interface FormField {
  name: string;
  label: string;
  type: string;
  required: boolean;
  length?: number;
  options?: string[];
  value?: string;
  lookup?: string[];
}

export interface Form {
  kind: string;
  label: string;
  fields: FormField[];
}

export interface Duplicates {
  message: string;
  maySave: boolean;
  matches: Match[];
}
