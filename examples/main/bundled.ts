/** The bundled web log as the inputs of the main job: requests are events, clients have a plan. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const LOG = 'examples/data/access-log.ndjson.gz';
const HOUR_MS = 3_600_000;
const MOST_BYTES = 1 << 24;

interface Request {
  readonly event_id: string;
  readonly event_time: string;
  readonly client: string;
  readonly bytes: number;
  readonly bot: boolean;
}

/** Lines of events, `{ user_id, event_id, event_time, value }`, in arrival order. */
export function bundledEvents(): string[] {
  return requests().map(({ client, event_id, event_time, bytes }) =>
    JSON.stringify({ user_id: client, event_id, event_time, value: bytes }),
  );
}

/**
 * Lines of profiles, `{ user_id, plan, event_time }`: one when a client is first seen, and one at each
 * line whose event time is an hour or more after that of the client's last record.
 */
export function bundledProfiles(): string[] {
  const last = new Map<string, number>();
  const lines: string[] = [];
  for (const { client, event_time, bot } of requests()) {
    const before = last.get(client);
    const now = Date.parse(event_time);
    if (before !== undefined && now - before < HOUR_MS) continue;
    last.set(client, now);
    lines.push(JSON.stringify({ user_id: client, plan: bot ? 'crawler' : 'visitor', event_time }));
  }
  return lines;
}

function requests(): Request[] {
  const text = gunzipSync(readFileSync(logPath()), { maxOutputLength: MOST_BYTES }).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Request);
}

/* The programs run from `dist`, the tests from the sources: the log stands in neither, but above both. */
function logPath(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, LOG)) && folder !== dirname(folder)) folder = dirname(folder);
  return join(folder, LOG);
}
