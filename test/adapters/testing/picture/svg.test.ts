/** Pictures as SVG: valid XML whatever the letters, the same text each time, and what it shows. */
import fc from 'fast-check';
import { sliding, tumbling } from 'tidemark';
import { type Message, marbles, pictureOf, type Script, script, toSvg } from 'tidemark/testing';

interface Node {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: Node[];
  text: string;
}

/** Reads XML as strictly as this document needs; throws where it is not well-formed. */
function parseXml(xml: string): Node {
  if (/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u.test(xml)) {
    throw new Error('a character that XML does not have');
  }
  const top: Node = { name: '', attributes: {}, children: [], text: '' };
  const open = [top];
  const token = /<(\/?)([a-z]+)((?: [A-Za-z0-9:-]+="[^"<&]*(?:&#\d+;[^"<&]*)*")*)(\/?)>|([^<]+)/gy;
  for (let m = token.exec(xml); m !== null; m = token.exec(xml)) {
    const [, closing, name = '', attributes = '', empty, text] = m;
    const parent = open.at(-1) as Node;
    if (text !== undefined) {
      if (/&(?!#\d+;)/.test(text)) throw new Error(`a bare & in ${text}`);
      parent.text += text.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
    } else if (closing === '/') {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes another element`);
    } else {
      const pairs = [...attributes.matchAll(/ ([A-Za-z0-9:-]+)="([^"]*)"/g)];
      const node = { name, attributes: {}, children: [], text: '' } as Node;
      for (const [, key, value] of pairs)
        Object.assign(node.attributes, { [key as string]: value });
      if (new Set(pairs.map(([, key]) => key)).size < pairs.length) throw new Error('twice');
      parent.children.push(node);
      if (empty !== '/') open.push(node);
    }
    if (token.lastIndex === xml.length) {
      if (open.length !== 1 || top.children.length !== 1) throw new Error('unbalanced');
      return top.children[0] as Node;
    }
  }
  throw new Error('no XML');
}

function all(node: Node): Node[] {
  return [node, ...node.children.flatMap(all)];
}

function classed(svg: string, name: string): Node[] {
  return all(parseXml(svg)).filter((n) => n.attributes['class']?.split(' ').includes(name));
}

function texts(svg: string): string[] {
  return all(parseXml(svg)).flatMap((n) => (n.name === 'text' ? n.text : []));
}

/** A point in the plot has a tooltip; a sample of the legend has none. */
function points(svg: string, fate: string): Node[] {
  return classed(svg, fate).filter((n) => n.children.some((c) => c.name === 'title'));
}

const small = marbles('a@1 b@7 c@3 W4 d@2 W9 |');

describe('the SVG of a script', () => {
  const svg = small.toSvg({ windows: tumbling(5) });

  it('is one image with a title and a description', () => {
    const image = parseXml(svg);
    expect(image.attributes).toMatchObject({
      xmlns: 'http://www.w3.org/2000/svg',
      role: 'img',
      viewBox: '0 0 760 420',
    });
    const [title, desc] = image.children;
    expect(title).toMatchObject({ name: 'title', text: '4 events: 3 on time, 1 late' });
    expect(desc?.name).toBe('desc');
    expect(desc?.text).toContain('2 windows, 2 fired.');
    expect(desc?.text).toContain('d @ 2, arrived at 4 ms: late; 2 ms behind the watermark, 4.');
  });

  it('draws late events with another class and another outline', () => {
    const shape = (fate: string) => points(svg, fate)[0]?.attributes['d']?.replace(/[\d. -]+/g, '');
    expect(points(svg, 'onTime')).toHaveLength(3);
    expect(points(svg, 'late')).toHaveLength(1);
    expect(shape('late')).toBe('MLLLZ');
    expect(shape('onTime')).toBe('MAAZ');
  });

  it('lets arrival run to the right and event time upwards', () => {
    const at = (n: number) =>
      points(svg, 'onTime').map((p) =>
        Number(/M([\d.]+) ([\d.]+)/.exec(p.attributes['d'] ?? '')?.[n]),
      );
    const [a, b, c] = at(1) as [number, number, number];
    expect(b - a).toBeCloseTo(c - b, 1);
    expect(b).toBeGreaterThan(a);
    const [low, high, middle] = at(2) as [number, number, number];
    expect((low - middle) / (low - high)).toBeCloseTo(2 / 6, 2);
    expect(high).toBeLessThan(low);
  });

  it('draws the watermark as steps that go right and up only', () => {
    const [stairs] = classed(svg, 'watermark');
    const d = stairs?.attributes['d'] ?? '';
    expect(d).toMatch(/^M[\d. ]+(?:H[\d.]+V[\d.]+){3}H[\d.]+$/);
    const ups = [...d.matchAll(/V([\d.]+)/g)].map((m) => Number(m[1]));
    expect(ups).toEqual([...ups].sort((x, y) => y - x));
  });

  it('ends a band where its window fired, and hoists a flag there', () => {
    const bands = [...classed(svg, 'band0'), ...classed(svg, 'band1')].filter(
      (n) => Number(n.attributes['height']) > 12,
    );
    const ends = bands.map((n) => Number(n.attributes['x']) + Number(n.attributes['width']));
    const flags = classed(svg, 'fire').flatMap(
      (n) => /^M([\d.]+) .*l9/.exec(n.attributes['d'] ?? '')?.[1] ?? [],
    );
    expect(ends).toHaveLength(2);
    for (const [i, end] of ends.entries()) expect(end).toBeCloseTo(Number(flags[i]), 1);
  });

  it('names the windows, the axes and what the signs mean', () => {
    expect(texts(svg)).toEqual(
      expect.arrayContaining([
        ...['a', 'b', 'c', 'd', '[0, 5)', 'fired at 3 ms', '[5, 10)', 'fired at 5 ms'],
        ...['↑ event time (ms)', 'arrival (ms) →', 'on time (3)', 'late (1)', 'watermark'],
      ]),
    );
  });

  it('follows the scheme of the page, unless it is told one', () => {
    expect(svg).toContain('@media (prefers-color-scheme:dark)');
    expect(small.toSvg({ scheme: 'dark' })).not.toContain('@media');
    expect(small.toSvg({ scheme: 'dark' })).not.toBe(small.toSvg({ scheme: 'light' }));
  });

  it('shares a page with others: it has no ids, and its rules begin with its class', () => {
    expect(svg).not.toMatch(/ id=|url\(|href/);
    const style = all(parseXml(svg)).find((n) => n.name === 'style')?.text ?? '';
    const selectors = style.replace(/@media[^{]*\{/, '').match(/[^{}]+(?=\{)/g) ?? [];
    expect(selectors.length).toBeGreaterThan(20);
    for (const s of selectors.flatMap((s) => s.split(','))) {
      expect(s.trim()).toMatch(/^\.tidemark-picture /);
    }
  });

  it('is the same each time, and the same as that of its picture', () => {
    expect(toSvg(pictureOf(small, { windows: tumbling(5) }))).toBe(svg);
  });

  it('refuses a size that holds no picture', () => {
    expect(() => small.toSvg({ width: 100 })).toThrow('toSvg: `width` must be a number >= 320');
    expect(() => small.toSvg({ height: Number.NaN })).toThrow('toSvg: `height` must be');
  });
});

describe('axes', () => {
  it('are written by the calendar where the epoch is one', () => {
    const noon = script({ epoch: '2026-03-29T12:00Z' });
    const svg = noon.event('a', { at: 0 }).event('b', { at: '20m' }).toSvg();
    expect(texts(svg)).toEqual(
      expect.arrayContaining(['↑ event time (2026-03-29 UTC)', '12:00', '12:10', '12:20']),
    );
  });

  it('say the day where there are several', () => {
    const noon = script({ epoch: '2026-03-29T12:00Z' });
    const svg = noon.event('a', { at: 0 }).event('b', { at: '36h' }).toSvg();
    expect(texts(svg)).toEqual(
      expect.arrayContaining(['↑ event time (UTC)', '2026-03-30', '18:00']),
    );
  });

  it('have units from ms to days, and negative times', () => {
    const ticks = (text: string) => texts(marbles(text).toSvg());
    expect(ticks('a@-3 b@2')).toEqual(expect.arrayContaining(['−3', '0', '2']));
    expect(ticks('a@-30s b@45s')).toEqual(expect.arrayContaining(['−30 s', '30 s']));
    expect(ticks('a@0 b@90m')).toEqual(expect.arrayContaining(['30 min', '1 h', '1 h 30 min']));
    expect(ticks('a@0 61s b@0 1ms c@0 61s d@1')).toContain('2 min 2 s 4 ms');
    expect(ticks('a@0 b@9d')).toEqual(expect.arrayContaining(['2 d', '8 d']));
  });

  it('cut a long silence short and say how long it was', () => {
    const svg = marbles('a@1 b@2 c@3 1h d@4 e@5').toSvg();
    expect(classed(svg, 'cut')).toHaveLength(1);
    expect(texts(svg)).toContain('1 h');
  });

  it('keep their range whatever an invalid event says', () => {
    const far: Message = { kind: 'event', frame: 2, value: 'x', timestamp: 1e15 };
    const svg = toSvg([...marbles('a@1 b@5').messages, far], { invalid: [far] });
    expect(texts(svg)).toEqual(expect.arrayContaining(['1', '5', 'invalid', 'invalid (1)']));
  });
});

/** A script as long as one likes: one event a frame, each fifth out of order. */
function long(count: number): Script {
  let s: Script = script();
  for (let i = 0; i < count; i++) {
    s = s.event(`e${i}`, { at: i * 1000 - (i % 5 === 4 ? (i % 7) * 2000 : 0) });
  }
  return s.complete();
}

describe('labels', () => {
  interface Box {
    readonly left: number;
    readonly right: number;
    readonly y: number;
  }
  function boxes(svg: string): Box[] {
    const labels = all(parseXml(svg)).filter(
      (n) => n.name === 'text' && /^small (?:onTime|late)/.test(n.attributes['class'] ?? ''),
    );
    return labels.map((n) => {
      const left = Number(n.attributes['x']);
      return { left, right: left + n.text.length * 5, y: Number(n.attributes['y']) };
    });
  }

  it('never cover each other, and are left out where there is no room', () => {
    const found = boxes(long(200).toSvg({ outOfOrderness: '3s', windows: tumbling('20s') }));
    expect(found.length).toBeGreaterThan(4);
    expect(found.length).toBeLessThan(150);
    for (const a of found) {
      for (const b of found) {
        const apart = a.right <= b.left || b.right <= a.left || Math.abs(a.y - b.y) >= 10;
        expect(a === b || apart).toBe(true);
      }
    }
  });

  it('prefer events that were not on time', () => {
    const svg = long(120).toSvg({ outOfOrderness: '3s' });
    const share = (fate: string) =>
      classed(svg, fate).filter((n) => n.name === 'text').length / points(svg, fate).length;
    expect(share('late')).toBeGreaterThan(share('onTime'));
    expect(svg.indexOf('"small late"')).toBeLessThan(svg.indexOf('"small onTime"'));
  });
});

it('overlapping windows stand in brackets beside the plot', () => {
  const svg = marbles('a@1 b@7 c@12 W20').toSvg({ windows: sliding(10, 5) });
  expect(classed(svg, 'bracket')).toHaveLength(4);
  expect(texts(svg)).toContain('[5, 15)');
});

it('windows too many to be seen are counted, not drawn', () => {
  const svg = marbles('a@1 b@70 W80').toSvg({ windows: sliding(60, 1) });
  expect(texts(svg)).toContain('120 windows, up to 60 at a time: not drawn');
  expect([...classed(svg, 'over'), ...classed(svg, 'fire')]).toEqual([]);
});

it('a long title and a high legend leave room for the picture', () => {
  const svg = small.toSvg({ width: 320, height: 200, title: 'm'.repeat(99), windows: tumbling(5) });
  expect(texts(svg)[0]).toMatch(/^m{10,30}…$/);
  expect(texts(svg)).not.toContain('on time (3)');
});

it('a picture of nothing, and one of a single point, are drawn', () => {
  for (const text of ['', '|', 'a@1', 'W3', 'a@1 a@1', 'W∞', 'a', '-a@1', 'idle']) {
    expect(marbles(text).toSvg()).not.toMatch(/NaN|Infinity|undefined/);
  }
});

it('is valid XML without a number that is none, whatever the messages', () => {
  const hostile = fc.string({ unit: 'binary', maxLength: 6 });
  const anyTime = fc.oneof(fc.integer({ min: -60, max: 60 }), fc.maxSafeInteger());
  const message: fc.Arbitrary<Record<string, unknown>> = fc.oneof(
    fc.record({ kind: fc.constant('event'), name: hostile, value: hostile, timestamp: anyTime }),
    fc.record({
      kind: fc.constant('event'),
      value: fc.anything(),
      timestamp: fc.constantFrom(Number.NaN, Infinity, -Infinity),
    }),
    fc.record({
      kind: fc.constant('watermark'),
      timestamp: fc.oneof(anyTime, fc.constant(Infinity)),
    }),
    fc.constant({ kind: 'complete' }),
  );
  const gaps = fc.oneof(fc.nat(3), fc.nat(10_000_000));
  fc.assert(
    fc.property(fc.array(fc.tuple(message, gaps), { maxLength: 12 }), hostile, (list, title) => {
      let frame = 0;
      const messages = list.map(([m, gap]) => ({ ...m, frame: (frame += gap) }) as Message);
      const svg = toSvg(messages, { title });
      expect(() => parseXml(svg)).not.toThrow();
      const drawn = all(parseXml(svg)).flatMap((n) => Object.values(n.attributes));
      expect(drawn.join(' ')).not.toMatch(/NaN|Infinity|undefined/);
    }),
    { seed: 7, numRuns: 300 },
  );
});
