/** What a plan may say of its services beyond the necessary; every section here may be left out. */
export interface AddressRange {
  readonly first: string;
  readonly last: string;
}

export interface Reservation {
  readonly mac: string;
  readonly address: string;
  /** Told as option 12; null: none. */
  readonly hostName: string | null;
}

export interface DhcpPlan {
  /** Beside `network.pool`. */
  readonly morePools: readonly AddressRange[];
  readonly reservations: readonly Reservation[];
  /** Folder of the lease files, one for each wire; absolute. null: leases are forgotten at the end. */
  readonly leaseDirectory: string | null;
  /** Options 58 and 59; null: half and seven eighths of the lease. */
  readonly renewalSeconds: number | null;
  readonly rebindingSeconds: number | null;
  /** Option 3; null: the bench. */
  readonly router: string | null;
  /** Option 6; none given: the bench. */
  readonly dnsServers: readonly string[];
  /** Option 15. */
  readonly domain: string | null;
  /** Option 35. */
  readonly arpTimeoutSeconds: number | null;
  /** Option 42. */
  readonly ntpServers: readonly string[];
  /** Option 43, hex. */
  readonly vendorSpecific: string | null;
  /** Option 66; null: the first TFTP server's address. */
  readonly tftpServerName: string | null;
  /** Option 67. */
  readonly bootFile: string | null;
  /** Option 120. */
  readonly sipServers: readonly string[];
  /** Cisco's other TFTP numbers, asked for by some loads. */
  readonly option149: readonly string[];
  readonly option151: readonly string[];
}

/** What the bench says of itself by LLDP and LLDP-MED. VLAN and power are `network`'s. */
export interface LldpPlan {
  /** From frame to frame once a phone is known; the time to live is four of them. */
  readonly periodMs: number;
  /** null: `network.cdpDeviceId`. */
  readonly systemName: string | null;
  readonly systemDescription: string;
  /** Of voice, 802.1p and DiffServ. */
  readonly voicePriority: number;
  readonly voiceDscp: number;
  readonly powerPriority: 'critical' | 'high' | 'low';
}
