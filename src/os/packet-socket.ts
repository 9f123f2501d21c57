/**
 * AF_PACKET on one interface: whole frames as they are on the wire. packet(7), linux/if_packet.h.
 *
 * The kernel takes the outermost 802.1Q tag out of a frame and hands it over apart (PACKET_AUXDATA): it is put back here.
 * A checksum that was left to offload hardware is only told (`checksumNotReady`), finishing it takes a protocol codec.
 */
import koffi from 'koffi';
import type { Clock } from '../timeline/clock.js';
import { watchReadable } from './epoll.js';
import { interfaceIndex } from './interface-control.js';
import { closeBehind } from './interface-thread.js';
import {
  checked,
  closeDescriptor,
  errno,
  errnos,
  freeNativeMemory,
  int32,
  libc,
  nativeMemory,
  pointerBytes,
  realTimeUs,
  systemError,
  writePointer,
} from './libc.js';

export interface ReceivedPacket {
  /** A copy of its own, destination MAC first, tag in place. */
  readonly bytes: Uint8Array;
  /** A segment or datagram whose checksum the sender's hardware would have written. */
  readonly checksumNotReady: boolean;
  /** Sent by this machine's own stack on this interface (never what this very socket sent). */
  readonly outgoing: boolean;
  /** The kernel's stamp in the Clock's time base, microseconds. */
  readonly atUs: number;
}

export interface PacketSocketOptions {
  readonly interfaceName: string;
  readonly clock: Clock;
  /** Called from the epoll loop, in the order of arrival. */
  onPacket(packet: ReceivedPacket): void;
  /** Default true. False: only what comes in. */
  readonly seeOutgoing?: boolean;
  /** Only frames whose outermost tag is this one: the kernel drops the others. Left out: all. */
  readonly vlan?: { readonly id: number; readonly protocol: number };
}

export interface PacketSocket {
  /** Sends a whole frame. False: the queue was full and the frame is lost. Throws BenchError SYSTEM_CALL. */
  send(frame: Uint8Array): boolean;
  /** Frames the kernel had to drop because they were not read in time, since the socket was opened. */
  drops(): number;
  /** No packet is told after it. Safe to call again. */
  close(): void;
}

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_NONBLOCK_CLOEXEC = 0o2004000;
const ETH_P_ALL = 0x0003;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
/** 64-bit seconds on every machine; SO_TIMESTAMPNS has the machine's own word. */
const SO_TIMESTAMPNS_NEW = 64;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_MR_PROMISC = 1;
const PACKET_STATISTICS = 6;
const PACKET_AUXDATA = 8;
const PACKET_IGNORE_OUTGOING = 23;
const PACKET_OUTGOING = 4;
const SO_ATTACH_FILTER = 26;
const TP_STATUS_CSUMNOTREADY = 1 << 3;
const TP_STATUS_VLAN_VALID = 1 << 4;
const TP_STATUS_VLAN_TPID_VALID = 1 << 6;
const ETH_P_8021Q = 0x8100;

const receiveBufferBytes = 8 * 1024 * 1024;
/** So that a flood on one wire leaves the others, the heartbeats and the files their turn, however dear a packet is. */
const packetsPerTurn = 64;
const turnUs = 2_000;

const linkAddressBytes = 20;
const tagBytes = 4;
const macsBytes = 12;
const controlBytes = 128;
/** The largest segment the kernel may hand over undivided, and its headers. */
const frameBytes = 65536 + 64;

const MessageHeader = koffi.struct({
  name: 'void*',
  nameLength: 'uint32_t',
  vectors: 'void*',
  vectorCount: 'size_t',
  control: 'void*',
  controlLength: 'size_t',
  flags: 'int',
});
const Vector = koffi.struct({ base: 'void*', length: 'size_t' });
const headerBytes = koffi.sizeof(MessageHeader);
const vectorBytes = koffi.sizeof(Vector);
const wordBytes = koffi.sizeof('size_t');
const controlLengthOffset = koffi.offsetof(MessageHeader, 'controlLength');
const alignWord = (length: number) => Math.ceil(length / wordBytes) * wordBytes;

/** One message's worth of memory, laid out once: the frame is received past room for a tag to be put back. */
const messageMemory = () => {
  const vectorAt = headerBytes;
  const nameAt = vectorAt + vectorBytes;
  const controlAt = alignWord(nameAt + linkAddressBytes);
  const frameAt = controlAt + controlBytes;
  const memory = nativeMemory(frameAt + tagBytes + frameBytes);
  const at = (offset: number) => memory.address + BigInt(offset);
  koffi.encode(at(vectorAt), Vector, { base: at(frameAt + tagBytes), length: frameBytes });
  koffi.encode(memory.address, MessageHeader, {
    name: at(nameAt),
    nameLength: linkAddressBytes,
    vectors: at(vectorAt),
    vectorCount: 1,
    control: at(controlAt),
    controlLength: controlBytes,
    flags: 0,
  });
  const { bytes } = memory;
  return {
    memory,
    name: bytes.subarray(nameAt, nameAt + linkAddressBytes),
    control: bytes.subarray(controlAt, controlAt + controlBytes),
    frame: bytes.subarray(frameAt),
    /** The kernel writes how much it used; it wants to know the room each time. */
    resetControlLength: () => bytes.writeUInt32LE(controlBytes, controlLengthOffset),
    controlLength: () => bytes.readUInt32LE(controlLengthOffset),
  };
};

interface Auxiliary {
  status: number;
  tci: number;
  tpid: number;
  realTimeUs: number | undefined;
}

const sizeOfControlHeader = wordBytes + 8;
const readControl = (control: Buffer, length: number): Auxiliary => {
  const found: Auxiliary = { status: 0, tci: 0, tpid: ETH_P_8021Q, realTimeUs: undefined };
  for (let at = 0; at + sizeOfControlHeader <= length; ) {
    const size = control.readUInt32LE(at);
    if (size < sizeOfControlHeader || at + size > length) break;
    const level = control.readInt32LE(at + wordBytes);
    const type = control.readInt32LE(at + wordBytes + 4);
    const data = control.subarray(at + sizeOfControlHeader, at + size);
    if (level === SOL_PACKET && type === PACKET_AUXDATA) {
      found.status = data.readUInt32LE(0);
      found.tci = data.readUInt16LE(16);
      if (found.status & TP_STATUS_VLAN_TPID_VALID) found.tpid = data.readUInt16LE(18);
    } else if (level === SOL_SOCKET && type === SO_TIMESTAMPNS_NEW) {
      found.realTimeUs = Number(data.readBigInt64LE(0) * 1_000_000n + data.readBigInt64LE(8) / 1000n);
    }
    at += alignWord(size);
  }
  return found;
};

/** linux/filter.h, linux/bpf_common.h: codes, and what lies behind the packet (SKF_AD_OFF and on). */
const bpf = { loadWord: 0x20, and: 0x54, jumpIfEqual: 0x15, give: 0x06 } as const;
const besides = { vlanTag: 0xfffff000 + 44, vlanTagPresent: 0xfffff000 + 48, vlanProtocol: 0xfffff000 + 60 } as const;
const vlanMask = 0x0fff;
const instructionBytes = 8;

/** `struct sock_filter`s: everything of a frame whose tag the kernel has set apart and is this one, nothing of any other. */
const onlyVlan = ({ id, protocol }: { readonly id: number; readonly protocol: number }): Buffer => {
  /** code, jump if true, jump if false, k */
  const program: readonly (readonly [number, number, number, number])[] = [
    [bpf.loadWord, 0, 0, besides.vlanTagPresent],
    [bpf.jumpIfEqual, 6, 0, 0],
    [bpf.loadWord, 0, 0, besides.vlanTag],
    [bpf.and, 0, 0, vlanMask],
    [bpf.jumpIfEqual, 0, 3, id],
    [bpf.loadWord, 0, 0, besides.vlanProtocol],
    [bpf.jumpIfEqual, 0, 1, protocol],
    [bpf.give, 0, 0, 0xffffffff],
    [bpf.give, 0, 0, 0],
  ];
  const bytes = Buffer.alloc(program.length * instructionBytes);
  for (const [index, [code, ifTrue, ifFalse, k]] of program.entries()) {
    bytes.writeUInt16LE(code, index * instructionBytes);
    bytes.writeUInt8(ifTrue, index * instructionBytes + 2);
    bytes.writeUInt8(ifFalse, index * instructionBytes + 3);
    bytes.writeUInt32LE(k, index * instructionBytes + 4);
  }
  return bytes;
};

/** `struct sock_fprog`: how many instructions, and where they are. */
const attachFilter = (descriptor: number, instructions: Buffer): void => {
  const programBytes = 2 * pointerBytes;
  const memory = nativeMemory(programBytes + instructions.length);
  try {
    memory.bytes.fill(0);
    memory.bytes.writeUInt16LE(instructions.length / instructionBytes, 0);
    writePointer(memory.bytes, pointerBytes, memory.address + BigInt(programBytes));
    memory.bytes.set(instructions, programBytes);
    checked(
      'setsockopt(SO_ATTACH_FILTER)',
      libc().setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, memory.bytes, programBytes),
    );
  } finally {
    freeNativeMemory(memory);
  }
};

const networkOrder = (value: number) => ((value & 0xff) << 8) | (value >> 8);

const openDescriptor = (options: PacketSocketOptions): number => {
  const index = interfaceIndex(options.interfaceName);
  // Protocol 0 until it is bound: nothing of other interfaces gets in.
  const descriptor = checked('socket(AF_PACKET)', libc().socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK_CLOEXEC, 0));
  const set = (name: string, level: number, option: number, value: Buffer) =>
    checked(`setsockopt(${name})`, libc().setsockopt(descriptor, level, option, value, value.length));
  try {
    const size = int32(receiveBufferBytes);
    // Only root of the whole machine may go past the system's limit.
    if (libc().setsockopt(descriptor, SOL_SOCKET, SO_RCVBUFFORCE, size, size.length) < 0)
      set('SO_RCVBUF', SOL_SOCKET, SO_RCVBUF, size);
    set('SO_TIMESTAMPNS', SOL_SOCKET, SO_TIMESTAMPNS_NEW, int32(1));
    set('PACKET_AUXDATA', SOL_PACKET, PACKET_AUXDATA, int32(1));
    if (options.seeOutgoing === false) set('PACKET_IGNORE_OUTGOING', SOL_PACKET, PACKET_IGNORE_OUTGOING, int32(1));
    if (options.vlan !== undefined) attachFilter(descriptor, onlyVlan(options.vlan));
    const membership = Buffer.alloc(16);
    membership.writeInt32LE(index, 0);
    membership.writeUInt16LE(PACKET_MR_PROMISC, 4);
    set('PACKET_ADD_MEMBERSHIP', SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership);
    const address = Buffer.alloc(linkAddressBytes);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16LE(networkOrder(ETH_P_ALL), 2);
    address.writeInt32LE(index, 4);
    checked(`bind to ${options.interfaceName}`, libc().bind(descriptor, address, address.length));
    return descriptor;
  } catch (reason) {
    closeDescriptor(descriptor);
    throw reason;
  }
};

/** Opens it promiscuous. Throws BenchError INTERFACE_UNKNOWN, or SYSTEM_CALL (EPERM without CAP_NET_RAW). */
export const openPacketSocket = (options: PacketSocketOptions): PacketSocket => {
  const descriptor = openDescriptor(options);
  const message = messageMemory();
  let closed = false;
  let dropped = 0;

  /** undefined: nothing more to read now. */
  const receive = (monotonicOffsetUs: number): ReceivedPacket | undefined => {
    message.resetControlLength();
    const length: number = libc().recvmsg(descriptor, message.memory.address, 0);
    if (length < 0) {
      const reason = errno();
      // Interface down or gone: told once by the kernel, the carrier watch says the same.
      if (reason === errnos.EAGAIN || reason === errnos.ENETDOWN || reason === errnos.EINTR) return undefined;
      throw systemError(`recvmsg on ${options.interfaceName}`, reason);
    }
    const extra = readControl(message.control, message.controlLength());
    let start = tagBytes;
    if (extra.status & TP_STATUS_VLAN_VALID && length >= macsBytes) {
      start = 0;
      message.frame.copyWithin(0, tagBytes, tagBytes + macsBytes);
      message.frame.writeUInt16BE(extra.tpid, macsBytes);
      message.frame.writeUInt16BE(extra.tci, macsBytes + 2);
    }
    return {
      bytes: new Uint8Array(message.frame.subarray(start, tagBytes + length)),
      checksumNotReady: (extra.status & TP_STATUS_CSUMNOTREADY) !== 0,
      outgoing: message.name[10] === PACKET_OUTGOING,
      atUs: extra.realTimeUs === undefined ? options.clock.nowUs() : extra.realTimeUs + monotonicOffsetUs,
    };
  };

  const unwatch = watchReadable(descriptor, () => {
    const beganUs = options.clock.nowUs();
    const monotonicOffsetUs = beganUs - realTimeUs();
    for (let count = 0; count < packetsPerTurn && !closed; count += 1) {
      if (options.clock.nowUs() - beganUs > turnUs) return;
      const packet = receive(monotonicOffsetUs);
      if (packet === undefined) return;
      options.onPacket(packet);
    }
  });

  const drops = (): number => {
    if (closed) return dropped;
    const statistics = Buffer.alloc(8);
    checked(
      'getsockopt(PACKET_STATISTICS)',
      libc().getsockopt(descriptor, SOL_PACKET, PACKET_STATISTICS, statistics, int32(statistics.length)),
    );
    // Reading them sets the kernel's counters back.
    dropped += statistics.readUInt32LE(4);
    return dropped;
  };

  return {
    send: (frame) => {
      if (closed) throw systemError(`send on ${options.interfaceName}`, errnos.ENETDOWN);
      if (libc().send(descriptor, frame, frame.length, 0) >= 0) return true;
      const reason = errno();
      if (reason === errnos.ENOBUFS || reason === errnos.EAGAIN) return false;
      throw systemError(`send on ${options.interfaceName}`, reason);
    },
    drops,
    close: () => {
      if (closed) return;
      drops();
      closed = true;
      unwatch();
      closeBehind(descriptor);
      freeNativeMemory(message.memory);
    },
  };
};
