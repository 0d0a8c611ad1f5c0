/** What a topology comes to: a stream for each of its sources, and its pipelines. */
import { isObservable, type Observable, Subject } from 'rxjs';
import { configError, JobError } from '../../lib/errors.js';
import type { Source } from '../../lib/ports.js';
import type { JobConfig } from './config.js';

/** Calls the topology. @throws JobError where it has no source or no sink, or a name twice */
export function build(job: string, topology: JobConfig['topology']) {
  const feeds = new Map<Source<any>, Subject<any>>();
  const sinks: Observable<unknown>[] = [];
  topology({
    source: (source) => {
      checkSource(source);
      const feed = feeds.get(source) ?? new Subject<any>();
      feeds.set(source, feed);
      return feed;
    },
    sink: (acks$) => {
      if (!isObservable(acks$)) throw configError('job', 't.sink', 'given a pipeline', acks$);
      sinks.push(acks$);
    },
  });
  checkTopology(job, [...feeds.keys()], sinks);
  return { sources: [...feeds].map(([source, feed]) => ({ source, feed })), sinks };
}

function checkSource(source: Source<any>): void {
  if (typeof source?.open !== 'function') {
    throw configError('job', 't.source', 'given a source, which has `name` and `open`', source);
  }
  if (typeof source.name === 'string' && source.name !== '') return;
  throw configError('job', 'name of a source', 'a non-empty string', source.name);
}

function checkTopology(job: string, sources: Source<any>[], sinks: readonly unknown[]): void {
  if (sources.length === 0) throw new JobError(job, 'its topology has no source');
  if (sinks.length === 0) throw new JobError(job, 'its topology has no sink');
  const names = new Set<string>();
  for (const { name } of sources) {
    if (names.has(name)) throw new JobError(job, `two sources are called ${JSON.stringify(name)}`);
    names.add(name);
  }
}
