/**
 * Changes to this machine's interfaces by rtnetlink(7), made at once and in this thread, which the kernel holds meanwhile: all of
 * them stand behind one lock, and taking an interface away waits for the other processors. Nothing but the thread of
 * `interface-thread.ts` calls it.
 */
import type { ErrorCode } from '../errors.js';
import { interfaceIndex, quietInterface, turnOffOffloads } from './interface-control.js';
import { checked, errnos, errnoText, int32, libc } from './libc.js';
import {
  type Acknowledgement,
  addAddress,
  addVeth,
  addVlan,
  deleteAddress,
  deleteLink,
  deleteLinkGroup,
  getLink,
  type InterfaceAddress,
  type LinkState,
  readAcknowledgement,
  setDefaultRoute,
  setLink,
  setLinkGroup,
  type VethEnd,
  withoutOwnIpv6,
} from './netlink.js';

export type InterfaceChange =
  | { readonly kind: 'add-veth'; readonly end: VethEnd; readonly peer: VethEnd }
  | { readonly kind: 'add-vlan'; readonly name: string; readonly parent: string; readonly vlan: number }
  /** No talk of the system's own, no offloads (interface-control.ts); before it goes up. */
  | { readonly kind: 'quiet'; readonly name: string }
  /** No IPv6 address by itself; a kernel without IPv6 has nothing to keep quiet. */
  | { readonly kind: 'without-ipv6'; readonly name: string }
  | ({ readonly kind: 'set'; readonly name: string } & LinkState)
  /** Up already, and its peer has come up after it: frames pass from now on, not only when the kernel's worker has noticed. */
  | { readonly kind: 'settle'; readonly name: string }
  | ({ readonly kind: 'add-address' | 'delete-address'; readonly name: string } & InterfaceAddress)
  | { readonly kind: 'default-route'; readonly name: string; readonly gateway: string; readonly metric: number };

export interface Refusal {
  readonly code: ErrorCode;
  /** What was asked and why not, for a person. */
  readonly words: string;
}

const AF_NETLINK = 16;
const SOCK_RAW_NONBLOCK_CLOEXEC = 0o2004003;
const NETLINK_ROUTE = 0;
const SOL_NETLINK = 270;
/** Answers quote the header of what was asked, not all of it, and say in words what is wrong. */
const options = { capAnswers: 10, extendedAnswers: 11 } as const;
const answerBytes = 8192;
const ENODEV = 19;
const EADDRNOTAVAIL = 99;

/** Taken already, by whoever it may be. */
const unlessAbsent = (answer: Acknowledgement) => (answer.errno === EADDRNOTAVAIL ? undefined : answer);

const wordsOf = (change: InterfaceChange): string => {
  switch (change.kind) {
    case 'add-veth':
      return `making the veth pair ${change.end.name} and ${change.peer.name}`;
    case 'add-vlan':
      return `making ${change.name} for VLAN ${change.vlan} of ${change.parent}`;
    case 'add-address':
    case 'delete-address':
      return `${change.kind === 'add-address' ? 'giving' : 'taking'} ${change.address}/${change.prefixLength} ${change.kind === 'add-address' ? 'to' : 'from'} ${change.name}`;
    case 'default-route':
      return `a default route by ${change.gateway} on ${change.name}`;
    default:
      return `setting ${change.name}`;
  }
};

export interface ChangeSocket {
  /** One after the other; the first that is refused ends the list, and is told. */
  make(changes: readonly InterfaceChange[]): Refusal | undefined;
  /** All at once, with one wait for all; those that are not there (any more) do not matter. */
  remove(names: readonly string[]): void;
}

/** Throws BenchError SYSTEM_CALL. */
export const openChangeSocket = (): ChangeSocket => {
  const descriptor = checked('socket(AF_NETLINK)', libc().socket(AF_NETLINK, SOCK_RAW_NONBLOCK_CLOEXEC, NETLINK_ROUTE));
  for (const option of Object.values(options)) libc().setsockopt(descriptor, SOL_NETLINK, option, int32(1), 4);
  const answer = Buffer.alloc(answerBytes);

  const ask = (message: Buffer) => {
    checked('send(AF_NETLINK)', libc().send(descriptor, message, message.length, 0));
    // The kernel has done it and answered before send returned; what was asked for comes before the acknowledgement.
    for (;;) {
      const length = checked('recv(AF_NETLINK)', libc().recv(descriptor, answer, answer.length, 0));
      const done = readAcknowledgement(answer.subarray(0, length));
      if (done !== undefined) return done;
    }
  };

  const makeOne = (change: InterfaceChange) => {
    switch (change.kind) {
      case 'add-veth':
        return ask(addVeth(change.end, change.peer));
      case 'add-vlan':
        return ask(addVlan(change.name, interfaceIndex(change.parent), change.vlan));
      case 'quiet':
        quietInterface(change.name);
        turnOffOffloads(change.name);
        return undefined;
      case 'without-ipv6':
        ask(withoutOwnIpv6(change.name));
        return undefined;
      case 'set':
        return ask(setLink(change.name, change));
      case 'settle':
        ask(getLink(change.name));
        return undefined;
      case 'add-address':
        return ask(addAddress(interfaceIndex(change.name), change));
      case 'delete-address':
        return unlessAbsent(ask(deleteAddress(interfaceIndex(change.name), change)));
      case 'default-route':
        return ask(setDefaultRoute(interfaceIndex(change.name), change.gateway, change.metric));
    }
  };

  return {
    make: (changes) => {
      for (const change of changes) {
        const done = makeOne(change);
        if (done === undefined || done.errno === 0) continue;
        const why = [errnoText(done.errno), ...(done.words === undefined ? [] : [done.words])].join('; ');
        return {
          code: done.errno === errnos.EPERM ? 'NETWORK_PERMISSION' : 'NETWORK_FAILED',
          words: `${wordsOf(change)} failed with ${why}`,
        };
      }
      return undefined;
    },
    remove: (names) => {
      // A group of this process alone, which nothing is in but what is about to go.
      const group = doomedGroup + process.pid;
      if (names.length > 1 && names.every((name) => [0, ENODEV].includes(ask(setLinkGroup(name, group)).errno)))
        if (ask(deleteLinkGroup(group)).errno === 0) return;
      for (const name of names) ask(deleteLink(name));
    },
  };
};

/** Process ids have 22 bits. */
const doomedGroup = 0x4c000000;
