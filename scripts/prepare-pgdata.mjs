// Makes the data directory that a new embedded store begins with: initdb takes seconds and hundreds of
// megabytes, unpacking does not. Usage: node scripts/prepare-pgdata.mjs OUT.tar.gz
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';

const out = process.argv[2];
if (out === undefined) {
  console.error('usage: node scripts/prepare-pgdata.mjs OUT.tar.gz');
  process.exit(2);
}

// Small log segments and a small log: the store cuts it by checkpoints of its own.
const settings = `
min_wal_size = 2MB
max_wal_size = 32MB
shared_buffers = 32MB
wal_level = minimal
max_wal_senders = 0
`;

async function initialise(dir) {
  const db = await PGlite.create(dir, { initDbStartParams: ['--wal-segsize=1'] });
  // nobody makes a second database here: without its templates the directory is a third as large
  await db.exec("update pg_database set datistemplate = false where datname like 'template%'");
  await db.exec('drop database template0');
  await db.exec('drop database template1');
  await db.exec('vacuum full');
  await db.exec('checkpoint');
  await db.close();
  appendFileSync(join(dir, 'postgresql.conf'), settings);
}

function* entries(dir, below = '') {
  for (const name of readdirSync(join(dir, below)).sort()) {
    const path = below === '' ? name : `${below}/${name}`;
    const isDirectory = statSync(join(dir, path)).isDirectory();
    yield { path, isDirectory };
    if (isDirectory) yield* entries(dir, path);
  }
}

function header(path, size, isDirectory) {
  const block = Buffer.alloc(512);
  const octal = (value, at, digits) => block.write(value.toString(8).padStart(digits, '0'), at);
  block.write(path, 0, 100);
  octal(isDirectory ? 0o700 : 0o600, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(size, 124, 11);
  octal(0, 136, 11);
  block.write('        ', 148);
  block.write(isDirectory ? '5' : '0', 156);
  block.write('ustar\u000000', 257);
  octal(
    block.reduce((sum, byte) => sum + byte, 0),
    148,
    6,
  );
  block[154] = 0;
  return block;
}

function archive(dir) {
  const parts = [];
  for (const { path, isDirectory } of entries(dir)) {
    const content = isDirectory ? Buffer.alloc(0) : readFileSync(join(dir, path));
    const padding = Buffer.alloc((512 - (content.length % 512)) % 512);
    parts.push(header(path, content.length, isDirectory), content, padding);
  }
  return gzipSync(Buffer.concat([...parts, Buffer.alloc(1024)]), { level: 9 });
}

const dir = mkdtempSync(join(tmpdir(), 'tidemark-prepare-'));
try {
  await initialise(dir);
  writeFileSync(out, archive(dir));
} finally {
  rmSync(dir, { recursive: true, force: true });
}
