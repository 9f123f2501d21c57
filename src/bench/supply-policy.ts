/**
 * Who may be powered by one supply, as pure steps. A port holds power from before its discovery until its switch is known to
 * be open: what its inrush may take until the inrush is over, what the board lets through for good from then on. Whoever does
 * not fit waits, and nobody overtakes: a small need behind a large one waits with it, so that the large one's turn comes.
 */
export interface SupplyNeed {
  readonly steadyMilliwatts: number;
  /** Never less than `steadyMilliwatts`. */
  readonly inrushMilliwatts: number;
}

export interface Hold {
  readonly port: string;
  readonly need: SupplyNeed;
  readonly phase: 'inrush' | 'steady';
}

export interface SupplyState {
  /** What it gives: for good, and for the moments of inrush. */
  readonly budget: SupplyNeed;
  readonly holds: readonly Hold[];
  /** First come, first served. */
  readonly queue: readonly Omit<Hold, 'phase'>[];
}

export const unusedSupply = (budget: SupplyNeed): SupplyState => ({ budget, holds: [], queue: [] });

/** What may be drawn as things stand: for good, and at this moment. */
export const reserved = ({ holds }: SupplyState): SupplyNeed => ({
  steadyMilliwatts: sum(holds.map(({ need }) => need.steadyMilliwatts)),
  inrushMilliwatts: sum(
    holds.map(({ need, phase }) => (phase === 'inrush' ? need.inrushMilliwatts : need.steadyMilliwatts)),
  ),
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** Which of the two budgets has no room for it now; undefined: it fits. */
export const lacking = (state: SupplyState, need: SupplyNeed): 'steady' | 'inrush' | undefined => {
  const now = reserved(state);
  if (now.steadyMilliwatts + need.steadyMilliwatts > state.budget.steadyMilliwatts) return 'steady';
  return now.inrushMilliwatts + need.inrushMilliwatts > state.budget.inrushMilliwatts ? 'inrush' : undefined;
};

/** Larger than the supply itself: it would wait for ever, and everybody behind it. */
export const isTooLarge = (budget: SupplyNeed, need: SupplyNeed): boolean =>
  lacking(unusedSupply(budget), need) !== undefined;

/** A port asks: it is admitted or waits behind the others. A port that holds or waits already changes nothing; nor does one too large. */
export const ask = (state: SupplyState, port: string, need: SupplyNeed): SupplyState =>
  isKnown(state, port) || isTooLarge(state.budget, need)
    ? state
    : admit({ ...state, queue: [...state.queue, { port, need }] });

/** The inrush of a port is over. */
export const settle = (state: SupplyState, port: string): SupplyState =>
  admit({ ...state, holds: state.holds.map((hold) => (hold.port === port ? { ...hold, phase: 'steady' } : hold)) });

/** The switch of a port is open, or it waits no longer. */
export const giveBack = (state: SupplyState, port: string): SupplyState =>
  admit({
    ...state,
    holds: state.holds.filter((hold) => hold.port !== port),
    queue: state.queue.filter((waiting) => waiting.port !== port),
  });

/** A port whose switch may be closed without anybody having asked: it counts whether it fits or not. */
export const countIn = (state: SupplyState, port: string, need: SupplyNeed): SupplyState =>
  isKnown(state, port) ? state : { ...state, holds: [...state.holds, { port, need, phase: 'steady' }] };

export const holds = (state: SupplyState, port: string): boolean => state.holds.some((hold) => hold.port === port);

const isKnown = (state: SupplyState, port: string): boolean =>
  holds(state, port) || state.queue.some((waiting) => waiting.port === port);

const admit = (state: SupplyState): SupplyState => {
  const [first, ...queue] = state.queue;
  if (first === undefined || lacking(state, first.need) !== undefined) return state;
  return admit({ ...state, holds: [...state.holds, { ...first, phase: 'inrush' }], queue });
};
