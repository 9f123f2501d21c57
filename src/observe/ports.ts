/** Well-known ports of the protocols watched (RFC 2131, RFC 1350, Cisco SCCP, RFC 3261). */
export const wellKnownPorts = { dhcpServer: 67, dhcpClient: 68, tftp: 69, callManager: 2000, sip: 5060 } as const;
