/**
 * What the board accepts in a DISCOVER request and in a stored profile (docs/board-protocol.md); the firmware refuses
 * anything else with BAD_PARAMETER. The firmware's own table is hardware/firmware/config.h; a test compares the two.
 */
export const injectorBounds = {
  echoes: { min: 3, max: 8 },
  maxBursts: { min: 3, max: 250 },
  inrushTimerMs: { min: 5, max: 200 },
  overloadMilliamps: { min: 20, max: 450 },
  overloadMs: { min: 1, max: 200 },
  underloadMilliamps: { min: 1, max: 100 },
  underloadMs: { min: 10, max: 2000 },
  heartbeatTimeoutMs: { min: 200, max: 800 },
  linkDeadlineMs: { min: 1000, max: 60_000 },
  offDwellMs: { min: 500, max: 60_000 },
} as const;
