/** The manager's words for values. */
export const roles = [
  ['agent', 'Agent', 'Handles interactions in the Agent Console.'],
  ['supervisor', 'Supervisor', 'Watches deliveries and, later, live agents and queues.'],
  ['admin', 'Administrator', 'Changes everything here.'],
] as const;

export function roleWord(r: string): string {
  return roles.find(([k]) => k === r)?.[1] ?? r;
}
