/** SVG as text: escaping, elements, the shapes of events, and the one style sheet. */
import type { Fate } from './picture.js';

type Attributes = Readonly<Record<string, string | number | undefined>>;

/** Text that XML takes, whatever it is made of: what XML cannot hold becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** An element; `content` is markup already. Numbers are rounded to a hundredth. */
export function tag(name: string, attributes: Attributes, content?: string): string {
  const pairs = Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined) return [];
    return ` ${key}="${typeof value === 'number' ? round(value) : escapeXml(value)}"`;
  });
  const head = `<${name}${pairs.join('')}`;
  return content === undefined ? `${head}/>` : `${head}>${content}</${name}>`;
}

export function text(x: number, y: number, content: string, attributes: Attributes = {}): string {
  return tag('text', { x, y, ...attributes }, escapeXml(content));
}

export function line(x1: number, y1: number, x2: number, y2: number, name: string): string {
  return tag('path', { class: name, d: `M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}` });
}

export function round(x: number): number {
  return Math.round(x * 100) / 100 + 0;
}

/** The outline of an event: its shape says its fate as its colour does. */
export function shapeOf(fate: Fate, x: number, y: number, r: number): string {
  const [left, right, top, bottom] = [x - r, x + r, y - r, y + r].map(round);
  if (fate === 'late' || fate === 'lateTaken') {
    const d = r * 1.35;
    return `M${round(x)} ${round(y - d)}L${round(x + d)} ${round(y)}L${round(x)} ${round(y + d)}L${round(x - d)} ${round(y)}Z`;
  }
  if (fate === 'invalid')
    return `M${left} ${top}L${right} ${bottom}M${left} ${bottom}L${right} ${top}`;
  const arc = `A${round(r)} ${round(r)} 0 1 1`;
  return `M${left} ${round(y)}${arc} ${right} ${round(y)}${arc} ${left} ${round(y)}Z`;
}

/** The pane of a window: a flag, hoisted where it left. */
export function flag(x: number, y: number): string {
  return `M${round(x)} ${round(y)}l9 4l-9 4z`;
}

interface Colours {
  readonly paper: string;
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  readonly bands: readonly [string, string];
  readonly behind: string;
  readonly fates: Readonly<Record<Fate, string>>;
  readonly fire: string;
}

const LIGHT: Colours = {
  paper: '#ffffff',
  ink: '#1f2328',
  muted: '#59636e',
  grid: '#d8dee4',
  bands: ['#e3effb', '#f1f7fd'],
  behind: 'rgb(87,96,106)',
  fates: {
    onTime: '#0969b8',
    lateTaken: '#b35900',
    late: '#cf222e',
    duplicate: '#6e7781',
    invalid: '#8250df',
  },
  fire: '#1a7f5a',
};

const DARK: Colours = {
  paper: '#0d1117',
  ink: '#e6edf3',
  muted: '#9198a1',
  grid: '#30363d',
  bands: ['#14304f', '#10233a'],
  behind: 'rgb(145,152,161)',
  fates: {
    onTime: '#58a6ff',
    lateTaken: '#e3a23c',
    late: '#ff7b72',
    duplicate: '#8b949e',
    invalid: '#bc8cff',
  },
  fire: '#4ac99b',
};

const ROOT = '.tidemark-picture';

function rulesOf(c: Colours): string {
  const rules: [string, string][] = [
    ['.paper', `fill:${c.paper}`],
    ['text', `fill:${c.ink}`],
    ['.muted', `fill:${c.muted}`],
    ['.axis', `stroke:${c.muted}`],
    ['.band0', `fill:${c.bands[0]}`],
    ['.band1', `fill:${c.bands[1]}`],
    ['.over', `fill:${c.fates.onTime}`],
    ['.edge', `stroke:${c.grid}`],
    ['.bracket', `stroke:${c.fates.onTime}`],
    ['.cut', `stroke:${c.muted}`],
    ['.behind', `fill:${c.behind}`],
    ['.watermark', `stroke:${c.ink}`],
    ['.fire', `stroke:${c.fire};fill:${c.fire}`],
    ['.refire', `stroke:${c.fire};fill:${c.paper}`],
  ];
  for (const [fate, colour] of Object.entries(c.fates)) {
    const hollow = fate === 'lateTaken' || fate === 'duplicate';
    const fill = hollow ? c.paper : fate === 'invalid' ? 'none' : colour;
    const stroke = hollow || fate === 'invalid' ? colour : c.paper;
    rules.push(
      [`.${fate}`, `fill:${fill};stroke:${stroke}`],
      [`text.${fate}`, `fill:${fate === 'onTime' ? c.ink : colour};stroke:none`],
    );
  }
  rules.push(
    ['.whisker', 'fill:none'],
    ['.whisker.late', `stroke:${c.fates.late}`],
    ['.whisker.lateTaken', `stroke:${c.fates.lateTaken}`],
  );
  return rules.map(([selector, body]) => `${ROOT} ${selector}{${body}}`).join('\n');
}

const SHAPES = [
  `${ROOT} text{font-family:ui-sans-serif,system-ui,"Segoe UI","Helvetica Neue",Arial,sans-serif;font-size:12px;stroke:none}`,
  `${ROOT} .small{font-size:11px}`,
  `${ROOT} .heading{font-size:14px;font-weight:600}`,
  `${ROOT} .end{text-anchor:end}`,
  `${ROOT} .middle{text-anchor:middle}`,
  `${ROOT} .axis,${ROOT} .edge,${ROOT} .bracket{stroke-width:1;fill:none}`,
  `${ROOT} .cut{stroke-width:1;stroke-dasharray:1 5;fill:none}`,
  `${ROOT} .behind{fill-opacity:.13}`,
  `${ROOT} .lingers{fill-opacity:.5}`,
  `${ROOT} .watermark{stroke-width:2;fill:none;stroke-linejoin:round}`,
  `${ROOT} .fire,${ROOT} .refire{stroke-width:1.25}`,
  `${ROOT} .onTime,${ROOT} .late{stroke-width:1}`,
  `${ROOT} .lateTaken,${ROOT} .duplicate,${ROOT} .invalid{stroke-width:2}`,
  `${ROOT} .whisker{stroke-width:1.25;stroke-dasharray:2 3}`,
].join('\n');

/** Which colours: those that the reader's system asks for, or always the same. */
export type Scheme = 'auto' | 'light' | 'dark';

/** Every rule begins with the class of the root: nothing else on the page is touched. */
export function styleSheet(scheme: Scheme): string {
  const colours = rulesOf(scheme === 'dark' ? DARK : LIGHT);
  const dark =
    scheme === 'auto' ? `\n@media (prefers-color-scheme:dark){\n${rulesOf(DARK)}\n}` : '';
  return tag('style', {}, `\n${SHAPES}\n${colours}${dark}\n`);
}
