/** The org as another client sees it: jsforce, signed in by SOAP as an agent's own Salesforce user. */
import jsforce from 'jsforce';
import { until } from './world.mjs';

export async function asUser(orgUrl, user) {
  const c = new jsforce.Connection({ loginUrl: orgUrl, version: '60.0' });
  await c.login(`${user}@demo.example`, `demo-passTOK${user.toUpperCase()}`);
  return c;
}

const LOG = ['Id', 'Subject', 'Status', 'Priority', 'ActivityDate', 'OwnerId', 'Type', 'TaskSubtype', 'CallType', 'CallDurationInSeconds', 'CallDisposition', 'CallObject', 'WhoId', 'WhatId', 'Description', 'CC_Interaction_Key__c'];

/** The Tasks that were written for a caller's number, read back field by field. */
export async function tasksFor(c, number) {
  const all = await c.sobject('Task').find({ CC_Interaction_Key__c: { $ne: null } }, LOG).execute();
  return all.filter((t) => (t.Description ?? '').includes(`Customer number: ${number}`));
}

/** Waits for the one Task of a caller. */
export const taskFor = (c, number, ms = 8000) => until(`a Task for ${number}`, async () => (await tasksFor(c, number))[0], ms, 100);
