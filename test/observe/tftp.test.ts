import { describe, expect, it } from 'vitest';
import { createObserver } from '../../src/observe/observer.js';
import { buildDeviceConfig } from '../../src/wire/cnf-xml.js';
import { ack, addresses, arp, data, only, rrq, tftp, watch } from './wire.js';

const file = 'SEP000F245A7960.cnf.xml';
const block = new Uint8Array(512);
const short = new Uint8Array(100);
const configText = buildDeviceConfig({
  loadInformation: 'P00308010200',
  callManagers: [
    { priority: 1, name: 'b', address: '10.110.0.12', port: 2001 },
    { priority: 0, name: 'a', address: '10.110.0.11', port: 2000 },
  ],
  versionStamp: '1',
  dateTemplate: 'D/M/YA',
});

/** The frames of a lock-step transfer of `bytes`. */
const transferOf = (bytes: Uint8Array, name = file, blockSize = 512): Uint8Array[] => {
  const frames = [rrq(name)];
  for (let offset = 0, number = 1; offset <= bytes.length; offset += blockSize, number = (number + 1) % 0x10000)
    frames.push(data(number, bytes.subarray(offset, offset + blockSize)), ack(number));
  return frames;
};

describe('a TFTP transfer', () => {
  it('is told from its request to its last acknowledgement', () => {
    const facts = watch([rrq(file), data(1, block), ack(1), data(2, short), ack(2)], { stepUs: 10_000 });
    expect(only(facts, 'tftp-request')).toMatchObject([{ from: 'phone', vlan: 110, transfer: 1, file, mode: 'octet' }]);
    expect(only(facts, 'tftp-progress')).toMatchObject([{ from: 'bench', transfer: 1, bytes: 512 }]);
    expect(only(facts, 'tftp-end')).toMatchObject([
      { from: 'phone', transfer: 1, file, outcome: 'complete', bytes: 612, durationMs: 40, config: null },
    ]);
  });

  it('gives the configuration that came whole', () => {
    const [end] = only(watch(transferOf(new TextEncoder().encode(configText))), 'tftp-end');
    expect(end).toMatchObject({ outcome: 'complete', bytes: configText.length });
    expect(end?.config).toEqual({
      loadInformation: 'P00308010200',
      versionStamp: '1',
      sipTransport: null,
      callManagers: [
        { priority: 0, address: '10.110.0.11', port: 2000 },
        { priority: 1, address: '10.110.0.12', port: 2001 },
      ],
    });
  });

  it('gives no configuration where a block was not captured', () => {
    // The block lost lies inside a comment: what is left would still read as a whole file.
    const text = `${configText}<!--${'x'.repeat(2000)}-->`;
    const lost = 1 + 2 * Math.ceil(configText.length / 512);
    const frames = transferOf(new TextEncoder().encode(text)).filter((_, index) => index !== lost);
    const [end] = only(watch(frames), 'tftp-end');
    expect(end).toMatchObject({ outcome: 'complete', config: null });
  });

  it('is not over before the last block is acknowledged', () => {
    const facts = watch([rrq(file), data(1, short)]);
    expect(only(facts, 'tftp-end')).toEqual([]);
  });

  it('counts retransmitted requests, blocks and acknowledgements once', () => {
    const facts = watch([
      ...[rrq(file), rrq(file)],
      ...[data(1, block), data(1, block), ack(1), ack(1)],
      ...[data(2, block), data(1, block), ack(2)],
      ...[data(3, short), data(2, block), ack(3), ack(3)],
    ]);
    expect(only(facts, 'tftp-request')).toHaveLength(1);
    expect(only(facts, 'tftp-end')).toMatchObject([{ outcome: 'complete', bytes: 1124 }]);
  });

  it('tells its progress each second of frame time', () => {
    const frames = transferOf(new Uint8Array(512 * 30), 'P00308010200.bin');
    const facts = only(watch(frames, { stepUs: 100_000 }), 'tftp-progress');
    expect(facts.map(({ bytes }) => bytes)).toEqual([1, 6, 11, 16, 21, 26, 30].map((blocks) => blocks * 512));
  });

  it('follows block numbers past 65535, to 0 or to 1', () => {
    for (const afterWrap of [0, 1]) {
      // Blocks in between were not captured: what came is counted.
      const frames = [rrq('P00308010200.bin'), ...[1, 30_000, 60_000, 0xffff].map((number) => data(number, block))];
      frames.push(data(afterWrap, block), data(afterWrap + 1, short), ack(afterWrap + 1));
      expect(only(watch(frames), 'tftp-end')[0]).toMatchObject({ outcome: 'complete', bytes: 5 * 512 + 100 });
    }
  });

  it('takes the block size that the server granted', () => {
    const options = { blksize: '1024' };
    const facts = watch([
      tftp('phone', { opcode: 'RRQ', fileName: file, mode: 'octet', options }, 69),
      tftp('bench', { opcode: 'OACK', options }),
      ack(0),
      data(1, new Uint8Array(1024)),
      ack(1),
      data(2, new Uint8Array(512)),
      ack(2),
    ]);
    expect(only(facts, 'tftp-request')[0]?.options).toEqual(options);
    expect(only(facts, 'tftp-end')).toMatchObject([{ outcome: 'complete', bytes: 1536 }]);
  });

  it('ends with the server’s error', () => {
    const facts = watch([rrq(file), tftp('bench', { opcode: 'ERROR', errorCode: 1, errorMessage: 'File not found' })]);
    expect(only(facts, 'tftp-end')).toMatchObject([
      { from: 'bench', outcome: 'error', errorCode: 1, errorMessage: 'File not found', bytes: 0 },
    ]);
  });

  it('is not disturbed by a stranger’s error from another port', () => {
    const stray = tftp('bench', { opcode: 'ERROR', errorCode: 5, errorMessage: 'Unknown transfer ID' }, 40_001);
    const facts = watch([rrq(file), data(1, block), stray, ack(1), data(2, short), ack(2)]);
    expect(only(facts, 'tftp-end')).toMatchObject([{ outcome: 'complete' }]);
  });

  it('is given up at the end, and says who spoke last', () => {
    const last = (frames: readonly Uint8Array[]) => {
      const observer = createObserver();
      watch(frames, { observer });
      return only(observer.end(), 'tftp-end');
    };
    expect(last([rrq(file)])).toMatchObject([{ outcome: 'gaveUp', from: 'phone', bytes: 0, durationMs: 0 }]);
    expect(last([rrq(file), data(1, block)])).toMatchObject([
      { outcome: 'gaveUp', from: 'bench', bytes: 512, durationMs: 1 },
    ]);
  });

  it('is one transfer when the request comes once more after the first block, and its file is whole', () => {
    const config = new TextEncoder().encode(
      `<device><loadInformation>P003</loadInformation>${' '.repeat(600)}</device>`,
    );
    const [first, rest] = [config.subarray(0, 512), config.subarray(512)];
    const name = 'SEP001122334455.cnf.xml';
    const facts = watch([rrq(name), data(1, first), rrq(name), ack(1), data(1, first), ack(1), data(2, rest), ack(2)]);
    expect(only(facts, 'tftp-request')).toHaveLength(1);
    expect(only(facts, 'tftp-end')).toMatchObject([
      { outcome: 'complete', bytes: config.length, config: { loadInformation: 'P003' } },
    ]);
  });

  it('is given up when the phone asks for the file again from another port', () => {
    const facts = watch([rrq(file), data(1, block), rrq(file, 49_153)]);
    expect(only(facts, 'tftp-end')).toMatchObject([{ transfer: 1, outcome: 'askedAgain', from: 'bench', bytes: 512 }]);
    expect(only(facts, 'tftp-request').map(({ transfer }) => transfer)).toEqual([1, 2]);
  });

  it('is given up after half a minute of silence, told with the next frame', () => {
    const observer = createObserver();
    watch([rrq(file)], { observer });
    const later = watch([arp('phone', addresses.phone, addresses.bench)], { observer, fromUs: 30_000_001 });
    expect(only(later, 'tftp-end')).toMatchObject([{ outcome: 'gaveUp' }]);
  });

  it('keeps a bounded number of transfers', () => {
    const frames = Array.from({ length: 1000 }, (_, index) => rrq(`file${index}`, 10_000 + index));
    const observer = createObserver();
    const told = only(watch(frames, { observer }), 'tftp-end');
    expect(told).toHaveLength(968);
    expect(only(observer.end(), 'tftp-end')).toHaveLength(32);
  });
});
