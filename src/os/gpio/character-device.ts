/**
 * GPIO by the kernel's character device, uAPI v2 (linux/gpio.h, kernel 5.10 and later), through ioctl: no library, nothing to
 * compile. All lines are taken in one request, so that direction, polarity, bias and first value come in one step.
 */
import { closeSync, constants, openSync, readdirSync } from 'node:fs';
import { BenchError } from '../../errors.js';
import { watchReadable } from '../epoll.js';
import {
  checked,
  closeDescriptor,
  errno,
  errnos,
  freeNativeMemory,
  libc,
  type NativeMemory,
  nativeMemory,
  systemError,
} from '../libc.js';
import type { GpioInput, GpioLines, GpioOutput, GpioRequest } from './gpio-lines.js';
import { createGpioListeners } from './gpio-listeners.js';
import { headerChip, labelsOf } from './header-chip.js';

/** linux/gpio.h: struct sizes, the offsets used, and the ioctls made of them. */
const chipInfo = { bytes: 68, label: 32, labelBytes: 32 } as const;
const lineInfo = { bytes: 256, consumer: 32, consumerBytes: 32, offset: 64, flags: 72 } as const;
const lineRequest = {
  bytes: 592,
  consumer: 256,
  longestConsumer: 31,
  flags: 288,
  attributeCount: 296,
  attributes: 320,
  attributeBytes: 24,
  lineCount: 560,
  descriptor: 588,
} as const;
const lineValues = { bytes: 16, mask: 8 } as const;
const lineEvent = { bytes: 48, id: 8, line: 12 } as const;
const read = 2;
const readWrite = 3;
const ioctlOf = (direction: number, number: number, bytes: number): number =>
  direction * 2 ** 30 + (bytes << 16) + (0xb4 << 8) + number;
const ioctls = {
  chipInfo: ioctlOf(read, 0x01, chipInfo.bytes),
  lineInfo: ioctlOf(readWrite, 0x05, lineInfo.bytes),
  requestLines: ioctlOf(readWrite, 0x07, lineRequest.bytes),
  getValues: ioctlOf(readWrite, 0x0e, lineValues.bytes),
  setValues: ioctlOf(readWrite, 0x0f, lineValues.bytes),
} as const;
const lineFlags = { used: 1n, activeLow: 2n, input: 4n, output: 8n, rising: 16n, falling: 32n } as const;
const biasFlags = { 'pull-up': 256n, 'pull-down': 512n } as const;
const attributeIds = { flags: 1, outputValues: 2 } as const;
const risingEdge = 1;
const eventsPerRead = 32;
const F_GETFL = 3;
const F_SETFL = 4;

const devices = '/dev';

const textAt = (bytes: Buffer, start: number, length: number): string =>
  bytes.toString('utf8', start, start + length).replace(/\0.*$/s, '');

const call = (name: string, descriptor: number, command: number, memory: NativeMemory): void => {
  checked(name, libc().ioctl(descriptor, command, memory.address));
};

/** Memory for one call. */
const withMemory = <T>(bytes: number, use: (memory: NativeMemory) => T): T => {
  const memory = nativeMemory(bytes);
  try {
    memory.bytes.fill(0);
    return use(memory);
  } finally {
    freeNativeMemory(memory);
  }
};

interface Chip {
  readonly path: string;
  readonly label: string;
}

const withDevice = <T>(path: string, use: (descriptor: number) => T): T => {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  try {
    return use(descriptor);
  } finally {
    closeSync(descriptor);
  }
};

const labelOf = (descriptor: number): string =>
  withMemory(chipInfo.bytes, (memory) => {
    call('GPIO_GET_CHIPINFO', descriptor, ioctls.chipInfo, memory);
    return textAt(memory.bytes, chipInfo.label, chipInfo.labelBytes);
  });

const infoOf = (descriptor: number, line: number): { readonly used: boolean; readonly consumer: string } =>
  withMemory(lineInfo.bytes, (memory) => {
    memory.bytes.writeUInt32LE(line, lineInfo.offset);
    call('GPIO_V2_GET_LINEINFO', descriptor, ioctls.lineInfo, memory);
    return {
      used: (memory.bytes.readBigUInt64LE(lineInfo.flags) & lineFlags.used) !== 0n,
      consumer: textAt(memory.bytes, lineInfo.consumer, lineInfo.consumerBytes),
    };
  });

/** The header's chip, or why there is none to be had by this driver. */
export const findCharacterDevice = (): { readonly chip: Chip } | { readonly reason: string } => {
  const paths = readdirSync(devices)
    .filter((name) => /^gpiochip\d+$/.test(name))
    .map((name) => `${devices}/${name}`);
  if (paths.length === 0) return { reason: `there is no ${devices}/gpiochip*` };
  const chips: Chip[] = [];
  let refusal = '';
  for (const path of paths) {
    try {
      chips.push({ path, label: withDevice(path, labelOf) });
    } catch (error) {
      refusal = error instanceof Error ? error.message : String(error);
    }
  }
  const chip = headerChip(chips);
  if (chip === undefined)
    return { reason: `no chip of ${devices}/gpiochip* is a Pi's header (seen: ${labelsOf(chips)}) ${refusal}`.trim() };
  try {
    withDevice(chip.path, (descriptor) => infoOf(descriptor, 0));
  } catch (error) {
    return { reason: `${chip.path} does not speak uAPI v2, which came with kernel 5.10 (${String(error)})` };
  }
  return { chip };
};

const flagsOf = (line: GpioOutput | GpioInput): bigint =>
  (line.activeLow === true ? lineFlags.activeLow : 0n) |
  (line.direction === 'out'
    ? lineFlags.output
    : lineFlags.input | lineFlags.rising | lineFlags.falling | biasFlags[line.bias]);

/** One mask a kind of line; bit n is the n-th line of the request. */
const groupsOf = (lines: readonly (GpioOutput | GpioInput)[]): ReadonlyMap<bigint, bigint> => {
  const groups = new Map<bigint, bigint>();
  lines.forEach((line, index) => {
    const flags = flagsOf(line);
    groups.set(flags, (groups.get(flags) ?? 0n) | (1n << BigInt(index)));
  });
  return groups;
};

const writeRequest = (bytes: Buffer, consumer: string, lines: readonly (GpioOutput | GpioInput)[]): void => {
  lines.forEach(({ line }, index) => {
    bytes.writeUInt32LE(line, 4 * index);
  });
  bytes.write(consumer.slice(0, lineRequest.longestConsumer), lineRequest.consumer);
  bytes.writeUInt32LE(lines.length, lineRequest.lineCount);
  let attributes = 0;
  const attribute = (id: number, value: bigint, mask: bigint) => {
    const at = lineRequest.attributes + attributes * lineRequest.attributeBytes;
    bytes.writeUInt32LE(id, at);
    bytes.writeBigUInt64LE(value, at + 8);
    bytes.writeBigUInt64LE(mask, at + 16);
    attributes += 1;
  };
  // Of the attributes for one line the first wins; a line without any has the request's own flags, which must be valid too.
  for (const [flags, mask] of groupsOf(lines)) attribute(attributeIds.flags, flags, mask);
  bytes.writeBigUInt64LE(flagsOf(lines[0] as GpioOutput | GpioInput), lineRequest.flags);
  const bit = (index: number) => 1n << BigInt(index);
  const outputs = lines.reduce((mask, line, index) => (line.direction === 'out' ? mask | bit(index) : mask), 0n);
  const active = lines.reduce(
    (mask, line, index) => (line.direction === 'out' && line.initially ? mask | bit(index) : mask),
    0n,
  );
  if (outputs !== 0n) attribute(attributeIds.outputValues, active, outputs);
  bytes.writeUInt32LE(attributes, lineRequest.attributeCount);
};

const busy = (descriptor: number, label: string, lines: readonly (GpioOutput | GpioInput)[]): BenchError => {
  const held = lines
    .map(({ line }) => ({ line, ...infoOf(descriptor, line) }))
    .filter(({ used }) => used)
    .map(({ line, consumer }) => `line ${line} by "${consumer}"`);
  return new BenchError('GPIO_BUSY', `${label}: ${held.join(', ') || 'a line of the request'}`);
};

const takeLines = (chip: Chip, consumer: string, lines: readonly (GpioOutput | GpioInput)[]): number =>
  withDevice(chip.path, (descriptor) =>
    withMemory(lineRequest.bytes, (memory) => {
      writeRequest(memory.bytes, consumer, lines);
      if (libc().ioctl(descriptor, ioctls.requestLines, memory.address) < 0) {
        const reason = errno();
        if (reason === errnos.EBUSY) throw busy(descriptor, chip.label, lines);
        throw systemError(`GPIO_V2_GET_LINE on ${chip.path}`, reason);
      }
      return memory.bytes.readInt32LE(lineRequest.descriptor);
    }),
  );

/** Throws BenchError GPIO_BUSY or SYSTEM_CALL. */
export const openCharacterDevice = <Name extends string>(chip: Chip, request: GpioRequest<Name>): GpioLines<Name> => {
  const names = Object.keys(request.lines) as Name[];
  const lines = names.map((name) => request.lines[name]);
  const descriptor = takeLines(chip, request.consumer, lines);
  const values = nativeMemory(lineValues.bytes);
  const events = Buffer.alloc(lineEvent.bytes * eventsPerRead);
  const listeners = createGpioListeners<Name>();
  let open = true;

  const release = (): void => {
    if (!open) return;
    open = false;
    unwatch();
    closeDescriptor(descriptor);
    freeNativeMemory(values);
  };
  const lose = (): void => {
    release();
    listeners.lost();
  };
  const hear = (): void => {
    const count = Number(libc().read(descriptor, events, events.length));
    if (count <= 0) {
      const reason = count < 0 ? errno() : 0;
      if (reason !== errnos.EAGAIN && reason !== errnos.EINTR) lose();
      return;
    }
    for (let at = 0; at + lineEvent.bytes <= count && open; at += lineEvent.bytes) {
      const line = events.readUInt32LE(at + lineEvent.line);
      const name = names.find((candidate) => request.lines[candidate].line === line);
      if (name === undefined) continue;
      listeners.edge({
        name,
        active: events.readUInt32LE(at + lineEvent.id) === risingEdge,
        atUs: Number(events.readBigUInt64LE(at) / 1000n),
      });
    }
  };
  /** One line's value, both ways: bit `index` of the request. */
  const exchange = (name: Name, command: number, active: boolean): boolean => {
    if (!open) throw new BenchError('GPIO_LOST', `${chip.label}, ${name}`);
    const bit = 1n << BigInt(names.indexOf(name));
    values.bytes.writeBigUInt64LE(active ? bit : 0n, 0);
    values.bytes.writeBigUInt64LE(bit, lineValues.mask);
    if (libc().ioctl(descriptor, command, values.address) < 0)
      throw new BenchError('GPIO_LOST', `${chip.label}, ${name}`, { cause: systemError('ioctl') });
    return values.bytes.readBigUInt64LE(0) !== 0n;
  };

  const flags = checked('fcntl(F_GETFL)', libc().fcntl(descriptor, F_GETFL, 'int', 0));
  checked('fcntl(O_NONBLOCK)', libc().fcntl(descriptor, F_SETFL, 'int', flags | constants.O_NONBLOCK));
  const unwatch = watchReadable(descriptor, hear);

  return {
    driver: 'character-device',
    chip: chip.label,
    stamps: 'kernel',
    set: (name, active) => void exchange(name, ioctls.setValues, active),
    get: (name) => exchange(name, ioctls.getValues, false),
    onEdge: listeners.onEdge,
    onLost: listeners.onLost,
    close: () => {
      listeners.clear();
      release();
    },
  };
};
