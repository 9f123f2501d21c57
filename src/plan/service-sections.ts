/** The sections of service-plan.ts as they are written. Each may be left out, and each of its keys. */
import { resolve } from 'node:path';
import { z } from 'zod';
import {
  addressRange,
  field,
  ipv4,
  isIpv4,
  line,
  macAddress,
  oneOf,
  orWord,
  quantity,
  text,
  wholeNumber,
} from './fields.js';
import type { DhcpPlan, LldpPlan, Reservation } from './service-plan.js';

const mostPools = 16;
const mostReservations = 1024;
const longestSeconds = 0xffff_ffff;

const hostName = () => text(/^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/, 'a host name');
const domainName = () => text(/^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$/, 'a domain name');
const seconds = () => quantity('s', 1, longestSeconds).optional();
const addressList = (most: number) => z.array(ipv4()).max(most, `takes ${most} addresses at most`).optional();

const hexBytes = () =>
  field<string>(
    (input) => {
      const digits = typeof input === 'string' ? input.replaceAll(/[\s:]/g, '') : '';
      return /^([\da-f]{2}){1,255}$/i.test(digits)
        ? { value: digits.toLowerCase() }
        : { problem: 'must be hex bytes in quotes, such as "01:04:0a:6e:00:01", 255 at most' };
    },
    { type: 'string', description: 'hex bytes in quotes, such as "01:04:0a:6e:00:01"' },
  );

/** An address, or a name that the phone resolves. */
const serverName = () =>
  field<string>(
    (input) =>
      isIpv4(input) || (typeof input === 'string' && /^[A-Za-z0-9][A-Za-z0-9.-]{0,63}$/.test(input))
        ? { value: input }
        : { problem: 'must be a host name or an IPv4 address' },
    { type: 'string', description: 'a host name or an IPv4 address' },
  );

const reservation = z
  .strictObject({ mac: macAddress(), address: ipv4(), hostName: hostName().optional() })
  .transform((entry): Reservation => ({ ...entry, hostName: entry.hostName ?? null }));

/** `directory`: of the plan file; a relative path starts there. */
export const dhcpSection = (directory: string) =>
  z
    .strictObject({
      morePools: z.array(addressRange()).max(mostPools, `takes ${mostPools} ranges at most`).optional(),
      reservations: z
        .array(reservation)
        .max(mostReservations, `takes ${mostReservations} reservations at most`)
        .optional(),
      leaseDirectory: orWord('none', line(4096)).optional(),
      renewal: seconds(),
      rebinding: seconds(),
      router: ipv4().optional(),
      dnsServers: addressList(8),
      domain: domainName().optional(),
      arpTimeout: seconds(),
      ntpServers: addressList(8),
      vendorSpecific: hexBytes().optional(),
      tftpServerName: serverName().optional(),
      bootFile: line(127).optional(),
      sipServers: addressList(8),
      option149: addressList(8),
      option151: addressList(8),
    })
    .optional()
    .transform(
      (section = {}): DhcpPlan => ({
        morePools: section.morePools ?? [],
        reservations: section.reservations ?? [],
        leaseDirectory: section.leaseDirectory == null ? null : resolve(directory, section.leaseDirectory),
        renewalSeconds: section.renewal ?? null,
        rebindingSeconds: section.rebinding ?? null,
        router: section.router ?? null,
        dnsServers: section.dnsServers ?? [],
        domain: section.domain ?? null,
        arpTimeoutSeconds: section.arpTimeout ?? null,
        ntpServers: section.ntpServers ?? [],
        vendorSpecific: section.vendorSpecific ?? null,
        tftpServerName: section.tftpServerName ?? null,
        bootFile: section.bootFile ?? null,
        sipServers: section.sipServers ?? [],
        option149: section.option149 ?? [],
        option151: section.option151 ?? [],
      }),
    );

export const lldpSection = orWord(
  'off',
  z
    .strictObject({
      period: quantity('ms', 100, 3_600_000).default(30_000),
      systemName: line(64).nullable().default(null),
      systemDescription: line(120).default('Linkpulse bench'),
      voicePriority: wholeNumber(0, 7).default(5),
      voiceDscp: wholeNumber(0, 63).default(46),
      powerPriority: oneOf(['critical', 'high', 'low']).default('low'),
    })
    .transform(({ period, ...section }): LldpPlan => ({ periodMs: period, ...section })),
).prefault({});
