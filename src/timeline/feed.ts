/**
 * How a jack can be fed, a closed table (docs/board-protocol.md): which pairs, which polarity, and the pins behind the
 * words. Anything else is refused; the board changes it only while the jack reads below 2.8 V.
 */
interface FeedRow {
  readonly pairs: 'spare' | 'data';
  readonly polarity: 'prestandard' | '802.3af' | 'mdi-x' | 'mdi';
  /** Which pins carry -48 V and which its return. */
  readonly pins: string;
  readonly name: string;
}

export const feeds = [
  { pairs: 'spare', polarity: 'prestandard', pins: '4,5− 7,8+', name: 'Cisco prestandard' },
  { pairs: 'spare', polarity: '802.3af', pins: '4,5+ 7,8−', name: '802.3af alternative B' },
  { pairs: 'data', polarity: 'mdi-x', pins: '1,2− 3,6+', name: '802.3af alternative A, MDI-X' },
  { pairs: 'data', polarity: 'mdi', pins: '1,2+ 3,6−', name: '802.3af alternative A, MDI' },
] as const satisfies readonly FeedRow[];

export type Feed = (typeof feeds)[number];
export type FedPairs = Feed['pairs'];
export type FedPolarity = Feed['polarity'];

export const feedOf = (pairs: string, polarity: string): Feed | undefined =>
  feeds.find((feed) => feed.pairs === pairs && feed.polarity === polarity);

/** What proves an unpowered phone: its relay's echo (Cisco inline power), or an 802.3af signature and class. */
export type DetectionMethod = 'prestandard' | '802.3af';
/** `auto`: prestandard first, then 802.3af. */
export type PowerMethod = DetectionMethod | 'auto';
