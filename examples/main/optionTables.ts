/** The tables of options: what a command takes, as its help prints it. */
import type { Option } from './command.js';

const KAFKA = 'reading from Kafka';

export const inputOptions: readonly Option[] = [
  {
    name: 'events',
    value: 'FILE',
    meaning: 'NDJSON of { user_id, event_id, event_time, value }; .gz too, - is standard input',
  },
  { name: 'profiles', value: 'FILE', meaning: 'NDJSON of { user_id, plan, event_time }' },
];

export const readingOptions: readonly Option[] = [
  { name: 'lenient', meaning: 'take epoch seconds, numbers in strings, and times without a zone' },
  {
    name: 'max-future-skew',
    value: 'DURATION',
    meaning: 'a row further ahead of the wall clock is invalid',
    default: '5m',
  },
  { name: 'rate', value: 'N', meaning: 'rows a second of each input, or max', default: 'max' },
];

export const generateOptions: readonly Option[] = [
  { name: 'generate', value: 'N', meaning: 'N seeded synthetic events instead of files' },
  { name: 'users', value: 'N', meaning: 'synthetic users', default: '25' },
  {
    name: 'start',
    value: 'TIME',
    meaning: 'event time of the first one',
    default: '2024-01-01T00:00:00Z',
  },
  { name: 'span', value: 'DURATION', meaning: 'event time of all (default 100 ms for each event)' },
  { name: 'late-share', value: 'SHARE', meaning: 'rows that come late', default: '0.1' },
  {
    name: 'late-by',
    value: 'DURATION',
    meaning: 'how far those are behind, at most',
    default: '10m',
  },
  { name: 'disorder', value: 'DURATION', meaning: 'how far others are behind', default: '2m' },
  { name: 'dup-share', value: 'SHARE', meaning: 'rows that repeat a recent one', default: '0.01' },
  { name: 'skew', value: 'SHARE', meaning: 'events of one hot user', default: '0' },
  { name: 'malformed-share', value: 'SHARE', meaning: 'lines that are cut', default: '0' },
  { name: 'seed', value: 'N', meaning: 'which synthetic input', default: '1' },
];

export const storeOptions: readonly Option[] = [
  {
    name: 'store',
    value: 'URL',
    meaning:
      'table and checkpoints: pglite:DIR, pglite: (temporary), file:DIR, postgres://HOST:PORT/DB[?schema=NAME], redis://HOST:PORT/DB[?prefix=NAME] or memory:',
    default: 'pglite:',
  },
  { name: 'table', value: 'NAME', meaning: 'what the table is called', default: 'user_metrics' },
  {
    name: 'checkpoint-every',
    value: 'DURATION',
    meaning: 'arrival time between checkpoints',
    default: '1s',
  },
  {
    name: 'checkpoint-every-events',
    value: 'N',
    meaning: 'events between checkpoints, at most',
    default: '10000',
  },
  { name: 'standby', meaning: 'wait while another process is at work on it, then take over' },
];

export const outputOptions: readonly Option[] = [
  {
    name: 'out',
    value: 'FILE',
    meaning: 'NDJSON of the final table, by key; - is standard output',
  },
  { name: 'summary', value: 'FILE', meaning: 'the counts as JSON' },
  {
    name: 'rejected',
    value: 'FILE',
    meaning: 'NDJSON of the lines that are no rows, with reasons',
  },
  { name: 'late', value: 'FILE', meaning: 'NDJSON of the rows that came too late' },
  { name: 'quiet', meaning: 'print nothing but errors' },
  { name: 'help', meaning: 'print this' },
];

export const laterOptions: readonly Option[] = [
  { name: 'kafka', value: 'HOST:PORT', meaning: '', later: KAFKA },
  { name: 'topic-events', value: 'TOPIC', meaning: '', later: KAFKA },
  { name: 'topic-profiles', value: 'TOPIC', meaning: '', later: KAFKA },
  { name: 'group', value: 'GROUP', meaning: '', later: KAFKA },
  { name: 'until-end', meaning: '', later: KAFKA },
  { name: 'dashboard', value: '[PORT]', meaning: '', later: 'the dashboard' },
];

const windowOptions: readonly Option[] = [
  { name: 'size', value: 'DURATION', meaning: 'of the tumbling windows', default: '5m' },
  { name: 'out-of-orderness', value: 'DURATION', meaning: 'W = max - this - 1', default: '10m' },
  {
    name: 'within',
    value: 'DURATION',
    meaning: 'a plan may be this far from the last instant of the window',
    default: '15m',
  },
  {
    name: 'allowed-lateness',
    value: 'DURATION',
    meaning: 'of the windows and the join',
    default: '0',
  },
  {
    name: 'sliding',
    value: 'FILE',
    meaning: 'also windows of 30 s each 10 s: count and sum of each user',
  },
];

export const mainOptions: readonly Option[] = [
  ...inputOptions,
  ...generateOptions,
  ...readingOptions,
  ...storeOptions,
  ...windowOptions,
  ...outputOptions,
  ...laterOptions,
];
