/** The stores of a simulated world: servers, which outlive processes, and those that each process opens on a disk. */
import type { Store } from '../../../lib/ports.js';
import { Chance } from '../disorder/chance.js';
import type { Crash } from '../stores/simulatedDisk.js';
import type { SimulatedStore, SimulationConfig } from './config.js';
import { SimulatedDisk } from './disk.js';
import type { Network, Outside } from './network.js';
import type { Process } from './process.js';
import { ClientStore, Server } from './server.js';
import type { Watch } from './watch.js';

interface Around {
  readonly outside: Outside;
  readonly network: Network;
  readonly watch: Watch;
}

export class Stores {
  private readonly servers = new Map<string, Server>();
  private readonly disks = new Map<string, SimulatedDisk>();
  /** The newest one that was opened of each embedded store, and by whom. */
  private readonly opened = new Map<string, { server: Server; process: Process }>();

  constructor(
    private readonly config: SimulationConfig,
    private readonly around: Around,
  ) {}

  /** Starts the servers. */
  async open(): Promise<void> {
    const { seed, startAt = 0, stores } = this.config;
    const { time } = this.around.outside;
    const clock = { now: () => startAt + time.ms };
    for (const [name, given] of Object.entries(stores)) {
      const { open, perProcess = false, loses = 0 } = storeOf(given);
      if (perProcess) continue;
      const files = new SimulatedDisk(seed).files.boot();
      const server = new Server(name, () => open({ clock, files }), loses);
      await server.start();
      this.servers.set(name, server);
    }
  }

  /** What a process uses of each. */
  async of(process: Process): Promise<ReadonlyMap<string, Store>> {
    const { network, watch: witness } = this.around;
    const stores = new Map<string, Store>();
    for (const [name, given] of Object.entries(this.config.stores)) {
      const known = this.servers.get(name);
      const server = known ?? (await this.embedded(process, name, given));
      if (!process.alive) return new Promise(() => {});
      const send: ConstructorParameters<typeof ClientStore>[0]['send'] =
        known === undefined ? (r) => this.direct(process, r.apply) : (r) => network.send(r);
      stores.set(name, new ClientStore({ server, process, witness, send }));
    }
    return stores;
  }

  /** The one that has the checkpoints. */
  get first(): Server {
    const [name = ''] = Object.keys(this.config.stores);
    return (this.servers.get(name) ?? this.opened.get(name)?.server) as Server;
  }

  /** All, to be looked at when everything is over. */
  async atEnd(): Promise<readonly Server[]> {
    const all = [...this.servers.values()];
    for (const [name, { server, process }] of this.opened) {
      all.push(process.alive ? server : await this.openedAgain(name, server));
    }
    return all;
  }

  /** A process has ended, or the power of its machine. */
  crash(power: Crash): void {
    for (const disk of this.disks.values()) disk.crash(power);
  }

  /** A server starts anew, with what it had synced. */
  async restart(name: string, step: number): Promise<void> {
    const server = this.servers.get(name);
    if (server === undefined || server.loses === 0) return;
    const { watch } = this.around;
    await server.restart(new Chance(this.config.seed, `lost ${step}`).upTo(server.loses));
    if (server !== this.first) return;
    watch.rewound(await server.store.checkpoints().lastCommitted(watch.job, watch.task));
  }

  /* Of an embedded store the disk has the steps; an answer reaches only who lives. */
  private async direct<T>(process: Process, apply: () => Promise<T>): Promise<T> {
    if (!process.alive) return new Promise(() => {});
    const answer = await this.around.outside.work(process, apply);
    return process.alive ? answer : new Promise(() => {});
  }

  private async embedded(
    process: Process,
    name: string,
    given: SimulationConfig['stores'][string],
  ): Promise<Server> {
    const disk = this.disks.get(name) ?? new SimulatedDisk(this.config.seed);
    this.disks.set(name, disk);
    const files = disk.of(process, this.around.network);
    const server = new Server(name, () => storeOf(given).open({ clock: process.clock, files }), 0);
    await this.around.outside.work(process, () => server.start());
    this.opened.set(name, { server, process });
    return server;
  }

  /* Who had it was killed after its job had ended, in what a store does by itself: nobody answers there. */
  private async openedAgain(name: string, { tables }: Server): Promise<Server> {
    const { startAt = 0, stores } = this.config;
    const clock = { now: () => startAt + this.around.outside.time.ms };
    const files = (this.disks.get(name) as SimulatedDisk).files.boot();
    const given = stores[name] as SimulationConfig['stores'][string];
    const server = new Server(name, () => storeOf(given).open({ clock, files }), 0);
    await server.start();
    for (const [table, layout] of tables) server.tables.set(table, layout);
    return server;
  }
}

function storeOf(given: SimulationConfig['stores'][string]): SimulatedStore {
  return typeof given === 'function' ? { open: given } : given;
}
