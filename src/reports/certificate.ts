/** One page on A4 to go with a phone: who it is, what was measured against which limits, and where the evidence lies. */
import PDFDocument from 'pdfkit';
import { type RunRecord, runFiles } from '../records/record.js';
import type { Measurement, StageResult, StageVerdict } from '../stages/judge.js';
import { calibrationText } from './board-text.js';
import { measurementLabel } from './measurement-table.js';
import { limitsText, valueText } from './measurement-text.js';
import { bannerOf, stageLooks, stageTitles } from './verdict-look.js';

type Page = InstanceType<typeof PDFDocument>;

const page = { width: 595.28, left: 42, right: 553, top: 38, bottom: 806 } as const;
const middle = 306;
const ink = '#18212c';
const muted = '#5c6875';
const hairline = '#c9d1da';
const colours: Readonly<Record<StageVerdict, string>> = {
  pass: '#1b7f4d',
  marginal: '#8a6400',
  fail: '#b3202a',
  error: '#47607a',
  skipped: '#5c6875',
  'not-reached': '#5c6875',
};

/** What the standard fonts can show beside Latin-1 (Windows-1252); everything else becomes a question mark. */
const alsoShown = '€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ';
const shown = (text: string): string =>
  [...text.replaceAll('−', '-').replace(/\s+/g, ' ')]
    .map((letter) => (/[ -~\u00a0-\u00ff]/.test(letter) || alsoShown.includes(letter) ? letter : '?'))
    .join('');

interface Look {
  readonly size?: number;
  readonly bold?: boolean;
  readonly mono?: boolean;
  readonly colour?: string;
  readonly align?: 'left' | 'right';
}

const fontOf = ({ bold = false, mono = false }: Look): string =>
  `${mono ? 'Courier' : 'Helvetica'}${bold ? '-Bold' : ''}`;

/** One line at `x`, `y` (its top), cut with an ellipsis where `width` does not hold it. Points. */
const put = (doc: Page, text: string, x: number, y: number, width: number, look: Look = {}): void => {
  const { size = 8.5, colour = ink, align = 'left' } = look;
  doc.font(fontOf(look)).fontSize(size).fillColor(colour);
  let fitting = shown(text);
  if (doc.widthOfString(fitting) > width) {
    while (fitting !== '' && doc.widthOfString(`${fitting}…`) > width) fitting = fitting.slice(0, -1);
    fitting = `${fitting}…`;
  }
  const start = align === 'right' ? x + width - doc.widthOfString(fitting) : x;
  doc.text(fitting, start, y, { lineBreak: false });
};

const rule = (doc: Page, y: number, colour = hairline): void => {
  doc.moveTo(page.left, y).lineTo(page.right, y).lineWidth(0.6).strokeColor(colour).stroke();
};

const heading = (doc: Page, text: string, x: number, y: number, width: number): number => {
  put(doc, text, x, y, width, { size: 10, bold: true });
  return y + 15;
};

type Row = readonly [term: string, value: string, look?: Look];
const column = (doc: Page, rows: readonly Row[], x: number, y: number, width: number): number => {
  const termWidth = 82;
  rows.forEach(([term, value, look], index) => {
    put(doc, term, x, y + index * 12.5, termWidth, { colour: muted });
    put(doc, value, x + termWidth, y + index * 12.5, width - termWidth, look);
  });
  return y + rows.length * 12.5;
};

/** `2026-11-23 03:15:02 UTC`. */
const whenText = (iso: string): string => `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;

const top = (doc: Page, record: RunRecord): number => {
  doc.path('M42 58H47V43H49V58H54V47H56V58H61V43H63V58H68V50H70V58H74').lineWidth(1.4).strokeColor('#1c5fb0').stroke();
  put(doc, 'Linkpulse', 84, 60, 200, { size: 8.5, colour: muted });
  const isGood = record.golden == null && (record.verdict === 'pass' || record.verdict === 'marginal');
  put(
    doc,
    isGood ? 'Test certificate' : record.golden == null ? 'Test result' : 'Golden run of the bench',
    84,
    39,
    260,
    { size: 19, bold: true },
  );
  put(doc, `Run ${record.runId}`, middle, 43, page.right - middle, { size: 8, mono: true, align: 'right' });
  put(doc, whenText(record.startedAt), middle, 54, page.right - middle, { size: 8.5, colour: muted, align: 'right' });
  return 76;
};

const banner = (doc: Page, record: RunRecord, y: number): number => {
  const { word, meaning } = bannerOf(record);
  const width = page.right - page.left;
  const cause = shown(record.cause);
  const causeHeight = Math.min(
    34,
    doc
      .font('Helvetica')
      .fontSize(9)
      .heightOfString(cause, { width: width - 28 }),
  );
  const height = 58 + causeHeight;
  doc.roundedRect(page.left, y, width, height, 5).fill(colours[record.verdict]);
  put(doc, word, page.left + 14, y + 10, width - 28, { size: 25, bold: true, colour: '#ffffff' });
  const blame = record.blame === null ? '' : ` To blame: ${record.blame}.`;
  put(doc, `${meaning}${blame}`, page.left + 14, y + 37, width - 28, { size: 10, bold: true, colour: '#ffffff' });
  doc.font('Helvetica').fontSize(9).fillColor('#ffffff');
  doc.text(cause, page.left + 14, y + 51, { width: width - 28, height: causeHeight, ellipsis: true });
  return y + height + 14;
};

const feedText = ({ power: { asked, fed } }: RunRecord): string =>
  fed === null ? `${asked.method}; never fed` : `${fed.method}, ${fed.pairs} pairs ${fed.pins ?? ''}`;

const boardText = ({ board }: RunRecord): string =>
  board === null ? '–' : `${board.serial}${board.firmware === null ? '' : `, firmware ${board.firmware}`}`;

const attemptText = ({ number, of, earlier }: NonNullable<RunRecord['attempt']>): string =>
  `${number} of at most ${of}${earlier[0] === undefined ? '' : `; first pass: ${earlier[0].verdict}`}`;

const facts = (doc: Page, record: RunRecord, y: number): number => {
  const { phone, plan } = record;
  const width = middle - page.left - 16;
  const begin = heading(doc, 'Phone', page.left, y, width);
  heading(doc, 'Test', middle, y, page.right - middle);
  const left = column(
    doc,
    [
      ...(phone.serial == null ? [] : [['Serial number', phone.serial, { bold: true }] as const]),
      ['MAC address', phone.mac ?? '–', { bold: true }],
      ['Model', phone.platform ?? '–', { bold: true }],
      ['Device id', phone.deviceId ?? '–'],
      ['Firmware load', phone.load ?? '–'],
      ['Power', feedText(record)],
    ],
    page.left,
    begin,
    width,
  );
  const right = column(
    doc,
    [
      ['Station, port', `${record.station}, ${record.port}`],
      ['Board', boardText(record)],
      ['Calibrated', calibrationText(record.board) ?? 'not told by the board'],
      ...(record.attempt == null ? [] : [['Attempt', attemptText(record.attempt)] as const]),
      ['Made with', `Linkpulse ${record.versions.linkpulse}`],
    ],
    middle,
    begin,
    page.right - middle,
  );
  const end = Math.max(left, right);
  return (
    column(
      doc,
      [
        ['Plan', `${plan.title} (${plan.name})`],
        ['Plan SHA-256', plan.hash, { size: 8, mono: true }],
      ],
      page.left,
      end,
      page.right - page.left,
    ) + 10
  );
};

const stageBoxes = (doc: Page, stages: readonly StageResult[], y: number): number => {
  const gap = 5;
  const width = (page.right - page.left - gap * (stages.length - 1)) / stages.length;
  stages.forEach(({ stage, verdict }, index) => {
    const x = page.left + index * (width + gap);
    doc.rect(x, y, width, 31).lineWidth(0.6).strokeColor(hairline).stroke();
    doc.rect(x, y, width, 3).fill(colours[verdict]);
    put(doc, `${index + 1} ${stageTitles[stage]}`, x + 6, y + 8, width - 10, { bold: true });
    put(doc, stageLooks[verdict].label, x + 6, y + 19, width - 10, { size: 8, bold: true, colour: colours[verdict] });
  });
  return y + 45;
};

interface TableRow {
  readonly stage: string;
  readonly name: string;
  readonly value: string;
  readonly limits: string;
  readonly verdict: Measurement['verdict'] | 'skipped';
}

const tableRows = (stages: readonly StageResult[]): readonly TableRow[] =>
  stages.flatMap(({ stage, measurements, notMeasured = [] }) => [
    ...measurements.map((measurement) => ({
      stage: stageTitles[stage],
      name: measurementLabel(measurement.name),
      value: valueText(measurement.value, measurement.unit),
      limits: limitsText(measurement),
      verdict: measurement.verdict,
    })),
    ...notMeasured.map(({ name, reason }) => ({
      stage: stageTitles[stage],
      name: measurementLabel(name),
      value: '–',
      limits: reason,
      verdict: 'skipped' as const,
    })),
  ]);

/** Left edges; `value` ends 18 before `limits`. */
const columnsAt = { stage: 42, name: 110, value: 262, limits: 338, verdict: 510 } as const;
const tallestRow = 13.5;
const lowestRow = 8.2;

/** Rows shrink until all stand on the page; what would not be readable then is counted instead. */
const table = (doc: Page, stages: readonly StageResult[], y: number, bottom: number): void => {
  const rows = tableRows(stages);
  const begin = heading(doc, 'Measurements', page.left, y, 200);
  if (rows.length === 0) {
    put(doc, 'None were made.', page.left, begin, 300, { colour: muted });
    return;
  }
  put(doc, 'measured', columnsAt.value, begin, 58, { size: 7.5, colour: muted, align: 'right' });
  put(doc, 'allowed', columnsAt.limits, begin, 120, { size: 7.5, colour: muted });
  const first = begin + 11;
  rule(doc, first - 1.5);
  const height = Math.min(tallestRow, Math.max(lowestRow, (bottom - first) / rows.length));
  const size = Math.min(8.5, height - 1.6);
  const room = Math.floor((bottom - first) / height + 1e-6);
  const kept = rows.length > room ? rows.slice(0, room - 1) : rows;
  kept.forEach(({ stage, name, value, limits, verdict }, index) => {
    const at = first + index * height + (height - size) / 2;
    if (stage !== kept[index - 1]?.stage) put(doc, stage, columnsAt.stage, at, 64, { size, colour: muted });
    put(doc, name, columnsAt.name, at, columnsAt.value - columnsAt.name - 4, { size });
    put(doc, value, columnsAt.value, at, 58, { size, bold: true, align: 'right' });
    put(doc, limits, columnsAt.limits, at, columnsAt.verdict - columnsAt.limits - 4, { size, colour: muted });
    put(doc, stageLooks[verdict].label, columnsAt.verdict, at, page.right - columnsAt.verdict, {
      size,
      bold: true,
      align: 'right',
      colour: colours[verdict],
    });
    rule(doc, first + (index + 1) * height, '#e6eaef');
  });
  if (kept.length < rows.length)
    put(doc, `and ${rows.length - kept.length} more in ${runFiles.record}`, columnsAt.name, bottom - size - 1, 300, {
      size,
      colour: muted,
    });
};

const evidence = (doc: Page, record: RunRecord, sha256: string, y: number): void => {
  rule(doc, y, ink);
  put(doc, 'Evidence', page.left, y + 6, 60, { bold: true });
  put(
    doc,
    `${record.runId}/${runFiles.record} holds all of this and more; this page is about the file with SHA-256`,
    page.left + 54,
    y + 6,
    page.right - page.left - 54,
  );
  put(doc, sha256, page.left + 54, y + 18, page.right - page.left - 54, { size: 8.5, mono: true, bold: true });
  doc.link(page.left, y + 2, page.right - page.left, 28, runFiles.record);
  if (record.limited.length > 0)
    put(doc, `Not proven: ${record.limited.join('; ')}.`, page.left, y + 31, page.right - page.left, { colour: muted });
};

/** The bytes of a PDF; the same record gives the same bytes. `recordSha256`: of record.json as it stands, hex. */
export const certificate = (
  record: RunRecord,
  { recordSha256 }: { readonly recordSha256: string },
): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const at = new Date(record.startedAt);
    const doc = new PDFDocument({
      size: 'A4',
      margin: 0,
      lang: 'en',
      info: {
        Title: `${bannerOf(record).word}: ${shown(record.phone.deviceId ?? record.runId)}`,
        Author: `Linkpulse ${record.versions.linkpulse}`,
        Subject: `Run ${record.runId}`,
        CreationDate: at,
        ModDate: at,
      },
    });
    const chunks: Uint8Array[] = [];
    doc.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    doc.on('end', () => resolve(Buffer.concat(chunks)));
    doc.on('error', reject);
    const evidenceAt = page.bottom - 44;
    const below = stageBoxes(doc, record.stages, facts(doc, record, banner(doc, record, top(doc, record))));
    table(doc, record.stages, below, evidenceAt - 8);
    evidence(doc, record, recordSha256, evidenceAt);
    doc.end();
  });
