/** The Configuration Manager's documents (see types.ts for how these come about). */
import type { Endpoint, Medium, Time } from './types.ts';

export interface Versioned {
  version: number;
}

export interface User extends Versioned {
  id: string;
  userId: string;
  firstName: string;
  lastName: string;
  email: string;
  roles: ('admin' | 'supervisor' | 'agent')[];
  /** queue id → skill 1–10 */
  queues: Record<string, number>;
  offerSeconds: number;
  endpoint: Endpoint;
  sipUser?: string;
  seat: boolean;
  loginId?: string;
  inactive?: boolean;
}

export interface Queue extends Versioned {
  id: number;
  name: string;
  media: Medium[];
  priority: number;
  wrapupSeconds: number;
  announceSeconds: number;
  region?: string;
  codeLists: number[];
}

export interface Channel extends Versioned {
  id: number;
  medium: Medium;
  name: string;
  number: string;
  queue: number;
  region?: string;
}

export interface CodeItem {
  id: number;
  text: string;
  reportText: string;
}

export interface CodeListDoc extends Versioned {
  id: number;
  name: string;
  required: boolean;
  multiple: boolean;
  items: CodeItem[];
}

export interface Trunk extends Versioned {
  id: number;
  name: string;
  addresses: string[];
}

export interface TenantProfile extends Partial<Versioned> {
  label: string;
  timeZone: string;
  region: string;
  allowReject: boolean;
  salesforceUsers: number;
}

export interface ScreenPop extends Versioned {
  enabled: boolean;
  target: string;
  integration: string;
  autoLog: {
    on: boolean;
    phone: boolean;
    voicemail: boolean;
    chat: boolean;
    email: boolean;
    withoutWindow: boolean;
    contactsWithoutCompany: boolean;
  };
  triggers: { offered: boolean; accepted: boolean; completed: boolean };
  connection: {
    environment: string;
    loginUrl: string;
    signOns: string[];
    consumerKey: string;
    audience: string;
    apiVersion: string;
  };
  phoneFields: string[];
  withheld: string[];
  noMatchForm: string;
}

export type DeliveryState = 'waiting' | 'running' | 'done' | 'parked' | 'dropped';

export interface Attempt {
  at: Time;
  tookMs: number;
  code: string;
  text: string;
}

export interface Delivery {
  key: string;
  lane: string;
  kind: string;
  interaction: string;
  handling: number;
  agent: string;
  agentName?: string;
  title?: string;
  state: DeliveryState;
  result?: { url?: string } | null;
  code?: string;
  reason?: string;
  tries: number;
  attempts?: Attempt[];
  created: Time;
  next?: Time;
  finished?: Time;
  version: number;
}

export interface Tally {
  count: number;
  oldest?: Time;
}

export interface Overview {
  users: number;
  queues: number;
  channels: number;
  parked: number;
  waiting: number;
}
