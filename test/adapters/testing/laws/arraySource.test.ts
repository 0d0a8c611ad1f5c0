/** arraySource: rows in order from a position, held when paused, ended or left open. */
import type { SourceOutput } from 'tidemark';
import { type ArraySourceConfig, arraySource } from 'tidemark/testing';

const turns = async (n: number): Promise<void> => {
  for (let i = 0; i < n; i++) await Promise.resolve();
};

/** Opens the source, and writes down what it says. */
function opened(
  rows: readonly string[],
  config: ArraySourceConfig<string> = {},
  position?: number,
) {
  const said: string[] = [];
  const then: { row?: () => void } = {};
  const out: SourceOutput<string> = {
    event: (row, split) => {
      said.push(split === undefined ? row : `${row} of ${split}`);
      then.row?.();
    },
    declare: (splits) => void said.push(`splits ${splits}`),
    finished: () => void said.push('end'),
    failed: (thrown) => void said.push(String(thrown)),
  };
  return { said, then, reader: arraySource('rows', rows, config).open(position, out) };
}

describe('arraySource', () => {
  it('reads the rows in order and ends', async () => {
    const { said, reader } = opened(['a', 'b']);
    await turns(9);
    expect(said).toEqual([]);
    reader.resume();
    await turns(9);
    expect(said).toEqual(['a', 'b', 'end']);
  });

  it('goes on at a position that it gave, which counts the rows read', async () => {
    const { said, reader } = opened(['a', 'b', 'c'], {}, 1);
    expect(reader.position()).toBe(1);
    reader.resume();
    await turns(9);
    expect([said, reader.position()]).toEqual([['b', 'c', 'end'], 3]);
  });

  it('says nothing between pause and resume, and nothing after close', async () => {
    const { said, then, reader } = opened(['a', 'b', 'c']);
    then.row = () => reader.pause();
    reader.resume();
    await turns(9);
    expect([said, reader.position()]).toEqual([['a'], 1]);
    then.row = () => reader.close();
    reader.resume();
    await turns(9);
    expect(said).toEqual(['a', 'b']);
  });

  it('goes on where it is resumed in the turn in which it was paused', async () => {
    const { said, then, reader } = opened(['a', 'b']);
    then.row = () => {
      reader.pause();
      reader.resume();
    };
    reader.resume();
    await turns(9);
    expect(said).toEqual(['a', 'b', 'end']);
  });

  it('stays open where told so', async () => {
    const { said, reader } = opened(['a'], { ends: false });
    reader.resume();
    await turns(9);
    expect(said).toEqual(['a']);
  });

  it('declares its splits when it is opened, and names that of each row', async () => {
    const splitOf = (row: string): string => `p${row.length}`;
    const { said, reader } = opened(['a', 'bb'], { splits: ['p1', 'p2'], splitOf });
    expect(said).toEqual(['splits p1,p2']);
    reader.resume();
    await turns(9);
    expect(said.slice(1)).toEqual(['a of p1', 'bb of p2', 'end']);
  });

  it('fails where the function for the split throws', async () => {
    const splitOf = (): string => {
      throw new Error('no');
    };
    const { said, reader } = opened(['a', 'b'], { splitOf });
    reader.resume();
    await turns(9);
    expect(said).toEqual(['Error: no']);
  });
});
