// Invariant 9: no secret leaves its Secret.
import { nameOf } from '../scenario-record.ts';
import type { OutsideRecord } from '../scenario-record.ts';
import type { Violation } from './violation.ts';

const SHORTEST_SECRET = 7;
// Says where the data is, not how to get in: status and log show it as VolSync's do. What logs in there is a secret.
const ADDRESS = /key RESTIC_REPOSITORY$/;
const LOGIN_IN_ADDRESS = /:\/\/([^\s/@]+)@/;

/** 9, in every object but Secrets, in Temporal's histories and in our own logs. */
export function noSecretLeaves(record: OutsideRecord): readonly Violation[] {
  const named = record.secrets.map(({ name, value }) => [secretPart(name, value), name] as const);
  const secrets = [...new Map(named)].filter(([value]) => value.length >= SHORTEST_SECRET);
  return placesIn(record).flatMap(({ object, where, text }) =>
    secrets
      .filter(([value]) => formsOf(value).some((form) => text.includes(form)))
      .map(([, name]) => ({ invariant: 9, object, sentence: `${where} holds the value of ${name}` })),
  );
}

function secretPart(name: string, value: string): string {
  return ADDRESS.test(name) ? (LOGIN_IN_ADDRESS.exec(value)?.[1] ?? '') : value;
}

function placesIn({ versions, runs, logs }: OutsideRecord) {
  return [
    ...versions.map((version) => ({
      object: nameOf(version),
      where: `${nameOf(version)} (version ${version.at})`,
      text: JSON.stringify(version.object),
    })),
    ...runs.map(({ workflowId, history }) => ({
      object: `history of ${workflowId}`,
      where: `The history of ${workflowId} in Temporal`,
      text: history,
    })),
    ...logs.map(({ program, line }) => ({
      object: `log of the ${program}`,
      where: `The ${program}'s log line "${line.slice(0, 120)}…"`,
      text: line,
    })),
  ];
}

// As it is, as it stands in JSON and in JSON within JSON, and as Kubernetes and Temporal carry bytes.
function formsOf(value: string): readonly string[] {
  const inJson = (text: string) => JSON.stringify(text).slice(1, -1);
  return [value, inJson(value), inJson(inJson(value)), Buffer.from(value).toString('base64')];
}
