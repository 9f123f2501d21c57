import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { BenchError } from '../errors.js';
import { pcapngHeader, pcapngPacket, readCapture } from '../wire/pcapng.js';
import type { LinkFrame } from './frame-link.js';

/**
 * A run's capture file, written as it happens. Guarantees: `prove` has read its own marker back from the disk before it
 * returns; a frame that cannot be written throws BenchError CAPTURE_FAILED (the conductor then takes power away); stamps
 * are the timeline's own (us since run start), so that the file and timeline.ndjson merge in one order. A wire that is
 * flooded ends its own run (WIRE_FLOODED) before it fills the disk of all.
 */
export interface Capture {
  /** 1-based number of the frame in the file. */
  write(frame: LinkFrame, atUs: number): number;
  prove(): void;
  readonly frames: number;
  close(): void;
}

const markerMac = '02:00:00:00:00:01';
/** IEEE 802 local experimental EtherType 1: a marker no dissector takes for a phone's frame. */
const markerEtherType = [0x88, 0xb5];

const markerFrame = (): Uint8Array => {
  const mac = markerMac.split(':').map((octet) => Number.parseInt(octet, 16));
  const text = new TextEncoder().encode('Linkpulse: capture proven running');
  const frame = new Uint8Array(60);
  frame.set([...mac, ...mac, ...markerEtherType, ...text]);
  return frame;
};

/** A start-up with a new firmware image is 20 MiB. */
const mostBytes = 512 * 1024 ** 2;

export const openCapture = (path: string, interfaceName: string, limitBytes = mostBytes): Capture => {
  const failed = (cause: unknown) => new BenchError('CAPTURE_FAILED', path, { cause });
  let frames = 0;
  let written = 0;
  let descriptor: number;
  const put = (bytes: Uint8Array) => {
    written += bytes.length;
    if (written > limitBytes)
      throw new BenchError('WIRE_FLOODED', `${path} has ${frames} frames, ${limitBytes / 1024 ** 2} MiB`);
    try {
      writeSync(descriptor, bytes);
    } catch (cause) {
      throw failed(cause);
    }
  };
  try {
    descriptor = openSync(path, 'w');
  } catch (cause) {
    throw failed(cause);
  }
  put(pcapngHeader({ application: 'Linkpulse', interfaceName }));
  const append = (bytes: Uint8Array, timestampUs: number, direction: 'in' | 'out', comment?: string): number => {
    put(pcapngPacket({ bytes, timestampUs, direction, ...(comment === undefined ? {} : { comment }) }));
    frames += 1;
    return frames;
  };
  return {
    get frames() {
      return frames;
    },
    write: (frame, atUs) =>
      append(frame.bytes, atUs, frame.direction, frame.synthesised ? 'headers synthesised: limited mode' : undefined),
    prove: () => {
      const before = frames;
      const marker = markerFrame();
      append(marker, 0, 'out', 'marker: capture proven running');
      try {
        fsyncSync(descriptor);
        const read = readCapture(readFileSync(path));
        const last = read.frames[before];
        if (read.malformed !== undefined || last === undefined || Buffer.compare(last.bytes, marker) !== 0)
          throw new Error('the marker frame was not found again on the disk');
      } catch (cause) {
        throw failed(cause);
      }
    },
    close: () => closeSync(descriptor),
  };
};
