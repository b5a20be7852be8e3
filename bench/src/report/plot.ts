/** One line of the plot. */
export interface Series {
  name: string;
  points: readonly (readonly [x: number, y: number])[];
}

const WIDTH = 760;
const HEIGHT = 460;
const MARGIN = { top: 44, right: 130, bottom: 48, left: 72 };
/** Told apart by those who do not see all colours (Okabe and Ito). */
const COLOURS = ['#999999', '#56b4e9', '#e69f00', '#cc79a7', '#009e73', '#d55e00'];

/** Lines over two logarithmic axes, as an SVG that shows on a light and on a dark page. Every value is above 0. */
export function plot(title: string, xLabel: string, yLabel: string, series: readonly Series[]): string {
  const x = axis(
    series.flatMap(({ points }) => points.map((point) => point[0])),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const y = axis(
    series.flatMap(({ points }) => points.map((point) => point[1])),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const parts = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(WIDTH / 2, 24, title, 'middle', 15),
    text((MARGIN.left + WIDTH - MARGIN.right) / 2, HEIGHT - 10, xLabel, 'middle'),
    `<g transform="rotate(-90 16 ${HEIGHT / 2})">${text(16, HEIGHT / 2, yLabel, 'middle')}</g>`,
    ...x.ticks.flatMap((tick) => [
      line(x.at(tick), MARGIN.top, x.at(tick), HEIGHT - MARGIN.bottom, '#e4e4e4'),
      text(x.at(tick), HEIGHT - MARGIN.bottom + 18, tick.toLocaleString('en'), 'middle'),
    ]),
    ...y.ticks.flatMap((tick) => [
      line(MARGIN.left, y.at(tick), WIDTH - MARGIN.right, y.at(tick), '#e4e4e4'),
      text(MARGIN.left - 8, y.at(tick) + 4, tick.toLocaleString('en'), 'end'),
    ]),
    ...series.map(({ name, points }, n) => {
      const colour = COLOURS[n % COLOURS.length] ?? '#000000';
      const path = points.map(([px, py]) => `${x.at(px).toFixed(1)},${y.at(py).toFixed(1)}`).join(' ');
      const dots = points.map(
        ([px, py]) => `<circle cx="${x.at(px).toFixed(1)}" cy="${y.at(py).toFixed(1)}" r="3" fill="${colour}"/>`,
      );
      const legend = MARGIN.top + 10 + 20 * n;
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`,
        ...dots,
        line(WIDTH - MARGIN.right + 12, legend, WIDTH - MARGIN.right + 32, legend, colour, 2),
        text(WIDTH - MARGIN.right + 38, legend + 4, name, 'start'),
      ].join('');
    }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif">\n${parts.join('\n')}\n</svg>\n`;
}

/** A logarithmic axis from `low` to `high` on the picture, with ticks at 1, 2 and 5 times each power of ten. */
function axis(values: readonly number[], low: number, high: number) {
  const from = Math.log10(Math.min(...values));
  const to = Math.log10(Math.max(...values));
  const span = to - from || 1;
  const powers = Array.from({ length: Math.ceil(to) - Math.floor(from) + 1 }, (_, n) => 10 ** (Math.floor(from) + n));
  const ticks = powers
    .flatMap((power) => [power, 2 * power, 5 * power])
    .filter((tick) => Math.log10(tick) >= from - 1e-9 && Math.log10(tick) <= to + 1e-9);
  return { ticks, at: (value: number) => low + ((Math.log10(value) - from) / span) * (high - low) };
}

function text(x: number, y: number, content: string, anchor: string, size = 12): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" font-size="${size}" fill="#333333">${content}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string, width = 1): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="${colour}" stroke-width="${width}"/>`;
}
