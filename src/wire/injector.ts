/** The board's own sysex (docs/board-protocol.md): message <-> sysex payload (the bytes between F0 0C and F7, 7-bit packed). Table-driven; unknown types keep raw bytes. */
export declare const injectorSysexId: 0x0c;
export declare const injectorProtocol: 1;
