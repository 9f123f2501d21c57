// Small line drawings of traces: one panel under another, a common time axis, least and greatest kept per pixel.

const WIDTH = 720;
const PANEL_HEIGHT = 150;
const MARGIN = { left: 62, right: 16, top: 46, bottom: 40 };
const GAP = 26;
const COLOURS = ['#1f6feb', '#c2410c', '#15803d', '#7c3aed', '#b91c1c', '#0f766e'];

const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

const niceStep = (span, count) => {
  const raw = span / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= raw) ?? power * 10;
};

const ticks = (low, high, count) => {
  const step = niceStep(high - low, count);
  const list = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-6; tick += step) list.push(tick);
  return list;
};

const short = (number) => String(Number(number.toPrecision(4)));

/** At most two points a pixel column: the least and the greatest, in the order in which they came. */
const thin = (times, levels, from, to, columns) => {
  const kept = [];
  let column = -1;
  let low;
  let high;
  const flush = () => {
    if (low === undefined) return;
    const pair = low.time <= high.time ? [low, high] : [high, low];
    kept.push(...(low === high ? [low] : pair));
  };
  for (let at = 0; at < times.length; at += 1) {
    if (times[at] < from || times[at] > to) continue;
    const here = Math.floor(((times[at] - from) / (to - from)) * columns);
    const point = { time: times[at], level: levels[at] };
    if (here !== column) {
      flush();
      column = here;
      low = point;
      high = point;
    } else {
      if (point.level < low.level) low = point;
      if (point.level > high.level) high = point;
    }
  }
  flush();
  return kept;
};

/**
 * SVG of `panels`: { label, lines: [{ name, times, levels }], marks: [{ level, name }], range? }. Times are multiplied by
 * `timeScale` before they are drawn over `from`..`to`, which are in the axis's own unit.
 */
export const drawPlot = ({ title, timeLabel, timeScale, from, to, panels }) => {
  const plotWidth = WIDTH - MARGIN.left - MARGIN.right;
  const height = MARGIN.top + panels.length * PANEL_HEIGHT + (panels.length - 1) * GAP + MARGIN.bottom;
  const x = (time) => MARGIN.left + ((time - from) / (to - from)) * plotWidth;
  const out = [
    `<svg role="img" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="11" fill="#24292f">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#fff"/>`,
    `<text x="${MARGIN.left}" y="22" font-size="14" font-weight="600">${escaped(title)}</text>`,
  ];
  panels.forEach((panel, index) => {
    const top = MARGIN.top + index * (PANEL_HEIGHT + GAP);
    const lines = panel.lines.map(({ name, times, levels }) => ({
      name,
      points: thin(
        times.map((time) => time * timeScale),
        levels,
        from,
        to,
        plotWidth / 2,
      ),
    }));
    const all = [
      ...lines.flatMap(({ points }) => points.map(({ level }) => level)),
      ...(panel.marks ?? []).map(({ level }) => level),
    ];
    let [low, high] = panel.range ?? [Math.min(0, ...all), Math.max(...all)];
    if (panel.range === undefined) {
      const room = (high - low) * 0.08 || 1;
      low -= low < 0 ? room : 0;
      high += room;
    }
    const y = (level) => top + PANEL_HEIGHT * (1 - (Math.min(Math.max(level, low), high) - low) / (high - low));
    out.push(`<text x="${MARGIN.left}" y="${top - 7}" fill="#57606a">${escaped(panel.label)}</text>`);
    for (const tick of ticks(low, high, 5)) {
      out.push(
        `<path d="M${MARGIN.left} ${y(tick).toFixed(1)}H${WIDTH - MARGIN.right}" stroke="#eaeef2"/>`,
        `<text x="${MARGIN.left - 6}" y="${(y(tick) + 4).toFixed(1)}" text-anchor="end">${short(tick)}</text>`,
      );
    }
    for (const tick of ticks(from, to, 8)) {
      out.push(`<path d="M${x(tick).toFixed(1)} ${top}V${top + PANEL_HEIGHT}" stroke="#eaeef2"/>`);
      if (index === panels.length - 1) {
        out.push(
          `<text x="${x(tick).toFixed(1)}" y="${top + PANEL_HEIGHT + 15}" text-anchor="middle">${short(tick)}</text>`,
        );
      }
    }
    for (const { level, name } of panel.marks ?? []) {
      out.push(
        `<path d="M${MARGIN.left} ${y(level).toFixed(1)}H${WIDTH - MARGIN.right}" stroke="#8c959f" stroke-dasharray="5 4"/>`,
        `<text x="${WIDTH - MARGIN.right - 4}" y="${(y(level) + (y(level) - top < 16 ? 13 : -4)).toFixed(1)}" text-anchor="end" fill="#57606a">${escaped(name)}</text>`,
      );
    }
    let legend = WIDTH - MARGIN.right;
    lines.forEach(({ points }, line) => {
      const colour = COLOURS[line % COLOURS.length];
      const path = points
        .map(({ time, level }, at) => `${at === 0 ? 'M' : 'L'}${x(time).toFixed(1)} ${y(level).toFixed(1)}`)
        .join('');
      out.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.4" stroke-linejoin="round"/>`);
    });
    [...lines.keys()].reverse().forEach((line) => {
      const colour = COLOURS[line % COLOURS.length];
      const { name } = lines[line];
      out.push(`<text x="${legend}" y="${top - 7}" text-anchor="end" fill="${colour}">${escaped(name)}</text>`);
      legend -= name.length * 6.2 + 14;
    });
    out.push(
      `<rect x="${MARGIN.left}" y="${top}" width="${plotWidth}" height="${PANEL_HEIGHT}" fill="none" stroke="#d0d7de"/>`,
    );
  });
  out.push(
    `<text x="${WIDTH - MARGIN.right}" y="${height - 8}" text-anchor="end" fill="#57606a">${escaped(timeLabel)}</text>`,
    '</svg>',
    '',
  );
  return out.join('\n');
};
