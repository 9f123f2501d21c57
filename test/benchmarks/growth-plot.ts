/** How a daemon grows with its ports: wall time, memory and processor time over the number of ports, as one SVG. */

export interface GrowthPoint {
  readonly ports: number;
  readonly wallSeconds: number;
  readonly daemonMebibytes: number;
  readonly daemonCpuSeconds: number;
  readonly simulatorCpuSeconds: number;
}

const panel = { width: 260, height: 150, gap: 50, left: 40, top: 30 } as const;
const colours = ['#1f6feb', '#8250df'] as const;

interface Line {
  readonly title: string;
  readonly of: (point: GrowthPoint) => number;
}

const panels: readonly { readonly title: string; readonly lines: readonly Line[] }[] = [
  { title: 'all ports done, s', lines: [{ title: '', of: ({ wallSeconds }) => wallSeconds }] },
  {
    title: "the daemon's memory at its most, MiB",
    lines: [{ title: '', of: ({ daemonMebibytes }) => daemonMebibytes }],
  },
  {
    title: 'processor time, s',
    lines: [
      { title: 'daemon', of: ({ daemonCpuSeconds }) => daemonCpuSeconds },
      { title: 'simulator', of: ({ simulatorCpuSeconds }) => simulatorCpuSeconds },
    ],
  },
];

const text = (x: number, y: number, words: string, more = '') =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${words}</text>`;

const drawPanel = (points: readonly GrowthPoint[], index: number): string => {
  const { title, lines } = panels[index] as (typeof panels)[number];
  const x0 = panel.left + index * (panel.width + panel.gap);
  const mostPorts = Math.max(...points.map(({ ports }) => ports));
  const most = Math.max(...lines.flatMap(({ of }) => points.map(of))) * 1.1;
  const x = (ports: number) => x0 + (ports / mostPorts) * panel.width;
  const y = (value: number) => panel.top + panel.height * (1 - value / most);
  const ground = panel.top + panel.height;
  return [
    text(x0, panel.top - 12, title, 'font-weight="bold"'),
    `<path d="M${x0} ${panel.top}V${ground}H${x0 + panel.width}" fill="none" stroke="#888"/>`,
    ...points.map(({ ports }) => text(x(ports), ground + 15, String(ports), 'text-anchor="middle" fill="#555"')),
    ...lines.flatMap(({ title: name, of }, line) => [
      `<polyline points="${points.map((point) => `${x(point.ports).toFixed(1)},${y(of(point)).toFixed(1)}`).join(' ')}" fill="none" stroke="${colours[line]}" stroke-width="2"/>`,
      ...points.map(
        (point) =>
          `<circle cx="${x(point.ports).toFixed(1)}" cy="${y(of(point)).toFixed(1)}" r="3" fill="${colours[line]}"/>`,
      ),
      ...points
        .filter((_, at) => at === 0 || at === points.length - 1)
        .map((point) =>
          text(
            x(point.ports) + (point.ports === mostPorts ? -4 : 6),
            y(of(point)) - 7,
            `${of(point).toFixed(of(point) < 100 ? 1 : 0)}${name === '' || point.ports !== mostPorts ? '' : ` ${name}`}`,
            `fill="${colours[line]}" text-anchor="${point.ports === mostPorts ? 'end' : 'start'}"`,
          ),
        ),
    ]),
  ].join('\n');
};

export const growthPlot = (points: readonly GrowthPoint[]): string => {
  const width = panel.left + panels.length * (panel.width + panel.gap);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${panel.top + panel.height + 40}" font-family="sans-serif" font-size="12">`,
    `<title>Many ports of one daemon: time, memory, processor time</title>`,
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...panels.map((_, index) => drawPanel(points, index)),
    text(panel.left, panel.top + panel.height + 34, 'ports of one daemon, a phone on each at once', 'fill="#555"'),
    '</svg>\n',
  ].join('\n');
};
