/** How likely what is at a step, or at an event, of the simulated jobs. */
import { eventFaultKinds, type FaultRates, stepFaultKinds } from 'tidemark/testing';

/** What can happen to a job on servers. */
export const onServers: FaultRates = Object.fromEntries(
  stepFaultKinds.map((kind) => [kind, kind === 'stalled' ? 0.02 : 0.06]),
);

/** What fails inside a process. A job has more events than steps. */
export const inside: FaultRates = Object.fromEntries(eventFaultKinds.map((kind) => [kind, 0.01]));

export const all: FaultRates = { ...onServers, ...inside };
