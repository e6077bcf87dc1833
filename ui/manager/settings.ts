/** Every setting by its name, and where it stands: for the search (SPEC CFG-1). */
export interface Setting {
  name: string;
  page: string;
  path: string;
  /** The id of its row, to scroll to. */
  at?: string;
  words?: string;
}

const on = (page: string, path: string, list: [name: string, at?: string, words?: string][]): Setting[] => list.map(([name, at, words]) => ({ name, page, path, at, words }));

export const settings: Setting[] = [
  ...on('Profile', '/profile', [
    ['Tenant label', 'label', 'name organisation'],
    ['Time zone', 'timeZone', 'clock'],
    ['Default region', 'region', 'country numbers'],
    ['Allow agents to reject interactions', 'allowReject', 'decline'],
    ['Salesforce users', 'salesforceUsers', 'limit seats licences'],
  ]),
  ...on('Users', '/users', [['Users', undefined, 'agents people roles skills seats sip passwords offer timeout']]),
  ...on('Queues', '/queues', [['Queues', undefined, 'wrap-up priority announcement code lists']]),
  ...on('Channels', '/channels', [['Phone channels', undefined, 'numbers inbound']]),
  ...on('Transaction codes', '/codes', [['Transaction codes', undefined, 'outcome wrap-up disposition required']]),
  ...on('Trunks', '/trunks', [['Trunks', undefined, 'sip provider addresses ip']]),
  ...on('Screen Pop', '/screen-pop', [
    ['Enable Screen Pop', 'enabled', 'on off'],
    ['Target Type', 'target', 'crm'],
    ['Integration Type', 'integration', 'enhanced legacy'],
    ['Trigger an auto log window after interactions', 'autoLog', 'log task'],
    ['Write without window', 'autoLog.withoutWindow', 'log'],
    ['Trigger a popup window', 'triggers', 'offered accepted completed pop'],
    ['Environment', 'connection.environment', 'production sandbox my domain login url'],
    ['Permitted sign-on kinds', 'connection.signOns', 'password token jwt'],
    ['Consumer key', 'connection.consumerKey', 'jwt oauth external client app'],
    ['Audience', 'connection.audience', 'jwt aud'],
    ['JWT certificate', 'certificate', 'key public pem'],
    ['REST version', 'connection.apiVersion', 'api'],
    ['Phone fields searched', 'phoneFields', 'matching mobile'],
    ['Withheld numbers', 'withheld', 'anonymous matching'],
    ['First form when nothing matches', 'noMatchForm', 'contact lead account case'],
    ['Associate contacts without a company', 'autoLog.contactsWithoutCompany', 'log'],
  ]),
  ...on('Deliveries', '/deliveries', [['Deliveries', undefined, 'logs waiting parked retry drop']]),
];

/** find: all typed words must occur, at the start of a word; names before other words. */
export function find(query: string): Setting[] {
  const asked = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (!asked.length) return [];
  const hit = (text: string, w: string): boolean => (` ${text.toLowerCase()}`).includes(` ${w}`);
  return settings
    .map((s) => ({ s, score: asked.every((w) => hit(s.name, w)) ? 2 : asked.every((w) => hit(`${s.name} ${s.page} ${s.words ?? ''}`, w)) ? 1 : 0 }))
    .filter((x) => x.score > 0)
    .sort((a, b) => b.score - a.score)
    .map((x) => x.s)
    .slice(0, 8);
}
