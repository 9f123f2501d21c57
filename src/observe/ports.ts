/** Well-known ports of the protocols watched (RFC 2131, RFC 1350, Cisco SCCP). */
export const wellKnownPorts = { dhcpServer: 67, dhcpClient: 68, tftp: 69, callManager: 2000 } as const;
