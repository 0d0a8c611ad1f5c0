/** Facts about simulated files: what a crash leaves behind, and what a failing step does. */
import { type Crash, faultyFiles } from 'tidemark/testing';

const bytes = (text: string) => new TextEncoder().encode(text);
const textOf = (data: Uint8Array | undefined) => data && new TextDecoder().decode(data);

/** A durable file `/d/a` of `one`, on which `two` was written and not synced, and then a crash. */
async function crashed(crash: Crash, seed = 1, synced = false): Promise<string | undefined> {
  const files = faultyFiles({ seed });
  const fs = files.boot();
  const file = await fs.open('/d/a');
  await file.append(bytes('one'));
  await file.sync();
  await fs.syncDir('/d');
  await file.append(bytes('two'));
  if (synced) await file.sync();
  files.crash(crash);
  return textOf(files.bytesOf('/d/a'));
}

it('what was not synced stays when a process is killed, and goes with the power', async () => {
  expect(await crashed('killed')).toBe('onetwo');
  expect(await crashed('unsynced lost')).toBe('one');
  expect(await crashed('unsynced lost', 1, true)).toBe('onetwo');
  const torn = new Set<string | undefined>();
  for (let seed = 0; seed < 100; seed++) torn.add(await crashed('torn', seed));
  for (const left of ['one', 'onet', 'onetw', 'onetwo', 'one\0\0']) expect(torn).toContain(left);
  expect([...torn].every((left) => left?.startsWith('one'))).toBe(true);
});

it('names that were made, replaced and removed are lost with the power until their directory is synced', async () => {
  for (const synced of [false, true]) {
    const files = faultyFiles();
    const fs = files.boot();
    for (const name of ['a', 'b']) {
      const file = await fs.open(`/d/${name}`);
      await file.append(bytes(name));
      await file.sync();
    }
    await fs.syncDir('/d');
    await fs.rename('/d/a', '/d/b');
    await fs.open('/d/c');
    if (synced) await fs.syncDir('/d');
    files.crash('unsynced lost');
    const names = await files.boot().list('/d');
    expect([[...names].sort(), textOf(files.bytesOf('/d/b'))]).toEqual(
      synced ? [['b', 'c'], 'a'] : [['a', 'b'], 'b'],
    );
  }
});

it('what was written before a sync that failed never reaches the disk, however often it is synced', async () => {
  const files = faultyFiles();
  const fs = files.boot();
  const file = await fs.open('/d/a');
  await fs.syncDir('/d');
  await file.append(bytes('ab'));
  files.at(files.steps.length, { fail: 'EIO' });
  await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' });
  expect(textOf(await file.read(0, 9))).toBe('ab');
  await file.append(bytes('c'));
  await file.sync();
  files.crash('unsynced lost');
  expect(textOf(files.bytesOf('/d/a'))).toBe('\0\0c');
});

it('a crash comes before or after its step, and ends the process', async () => {
  for (const when of ['before', 'after'] as const) {
    const files = faultyFiles();
    const fs = files.boot();
    const file = await fs.open('/d/a');
    files.at(1, { crash: 'killed', when });
    await expect(file.append(bytes('x'))).rejects.toMatchObject({ code: 'ESHUTDOWN' });
    expect(textOf(files.bytesOf('/d/a'))).toBe(when === 'before' ? '' : 'x');
    await expect(file.size()).rejects.toMatchObject({ code: 'ESHUTDOWN' });
    await expect(fs.list('/d')).rejects.toMatchObject({ code: 'ESHUTDOWN' });
    expect(await files.boot().list('/d')).toEqual(['a']);
    expect(files.steps).toEqual(['make /d/a', 'append /d/a 1']);
  }
});

it('a full disk takes what it can and says so', async () => {
  const files = faultyFiles();
  const file = await files.boot().open('/d/a');
  files.capacity = 3;
  await expect(file.append(bytes('four'))).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(textOf(files.bytesOf('/d/a'))).toBe('fou');
});

it('one owner holds a directory, until it frees it or crashes', async () => {
  const files = faultyFiles();
  const free = await files.boot().lock('/d');
  await expect(files.boot().lock('/d')).rejects.toThrow('/d is in use');
  await free();
  await files.boot().lock('/d');
  files.crash('killed');
  await files.boot().lock('/d');
  const open = faultyFiles({ locks: false }).boot();
  await open.lock('/d');
  await open.lock('/d');
});
