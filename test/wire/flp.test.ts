import { describe, expect, it } from 'vitest';
import { decodeBurst, describeWord, positionsToWord, wordToPositions } from '../../src/wire/flp.js';

/** 802.3 clause 28.2.1.1: clocks 125 us apart, a data pulse 62.5 us behind its clock. */
const cyclesPerMicrosecond = 16;
const halfCell = 62.5 * cyclesPerMicrosecond;
const burstOf = (positions: string, startAt = 1000): number[] =>
  [...positions].flatMap((pulse, index) => (pulse === '1' ? [startAt + index * halfCell] : []));

describe('the link code word', () => {
  it.each([
    { word: 0x0000, positions: '101010101010101010101010101010101' },
    { word: 0xffff, positions: '111111111111111111111111111111111' },
    // protocol-facts 1.1: D0, D5..D8 set, 22 pulses
    { word: 0x01e1, positions: '111010101011111111101010101010101' },
    { word: 0x8001, positions: '111010101010101010101010101010111' },
  ])('$word is the burst $positions', ({ word, positions }) => {
    expect(wordToPositions(word)).toBe(positions);
    expect(positionsToWord(positions)).toBe(word);
  });

  it('survives the round trip for every word', () => {
    for (let word = 0; word <= 0xffff; word++) {
      if (positionsToWord(wordToPositions(word)) !== word) throw new Error(`word ${word}`);
    }
  });

  it('is not there when a clock is missing or the burst has another length', () => {
    const positions = wordToPositions(0x41e1);
    for (let clock = 0; clock < positions.length; clock += 2) {
      expect(positionsToWord(`${positions.slice(0, clock)}0${positions.slice(clock + 1)}`)).toBeUndefined();
    }
    for (const wrong of ['', '1', positions.slice(1), `${positions}1`, positions.replaceAll('1', 'x')]) {
      expect(positionsToWord(wrong)).toBeUndefined();
    }
  });

  it.each([
    { word: 0x01e1, text: '802.3, 10BASE-T half, 10BASE-T full, 100BASE-TX half, 100BASE-TX full' },
    { word: 0x4101, text: '802.3, 100BASE-TX full, ACK' },
    { word: 0xa002, text: 'selector 2, remote fault, next page' },
    { word: 0x0001, text: '802.3' },
  ])('$word reads $text', ({ word, text }) => {
    expect(describeWord(word)).toBe(text);
  });
});

describe('a burst by its gaps', () => {
  it('gives its word for every word in steps, at the nominal spacing', () => {
    for (let word = 0; word <= 0xffff; word += 7) {
      const positions = wordToPositions(word);
      expect(decodeBurst(burstOf(positions), cyclesPerMicrosecond)).toEqual({ word, positions });
    }
  });

  it.each([
    { name: 'fastest (55.5 us)', scale: 55.5 / 62.5 },
    { name: 'slowest (69.5 us)', scale: 69.5 / 62.5 },
  ])('holds at the $name transmitter the standard allows', ({ scale }) => {
    const positions = wordToPositions(0xa5c3);
    const rises = burstOf(positions).map((at) => at * scale);
    expect(decodeBurst(rises, cyclesPerMicrosecond)?.word).toBe(0xa5c3);
  });

  it('is refused when a clock is missing, a pulse too many is there, or noise sits inside', () => {
    const rises = burstOf(wordToPositions(0x01e1));
    expect(decodeBurst(rises.slice(1), cyclesPerMicrosecond)).toBeUndefined();
    expect(decodeBurst(rises.slice(0, -1), cyclesPerMicrosecond)).toBeUndefined();
    expect(decodeBurst([...rises, (rises.at(-1) ?? 0) + 2 * halfCell], cyclesPerMicrosecond)).toBeUndefined();
    const noisy = [...rises, (rises[3] ?? 0) + 10 * cyclesPerMicrosecond].sort((a, b) => a - b);
    expect(decodeBurst(noisy, cyclesPerMicrosecond)).toBeUndefined();
    const clocks = burstOf(wordToPositions(0));
    expect(decodeBurst(clocks.toSpliced(5, 1), cyclesPerMicrosecond)).toBeUndefined();
  });

  it('is refused for link pulses 16 ms apart, for nothing and for what is no time', () => {
    const linkPulses = Array.from({ length: 17 }, (_, index) => index * 16_000 * cyclesPerMicrosecond);
    expect(decodeBurst(linkPulses, cyclesPerMicrosecond)).toBeUndefined();
    expect(decodeBurst([], cyclesPerMicrosecond)).toBeUndefined();
    expect(decodeBurst([5], cyclesPerMicrosecond)).toBeUndefined();
    expect(
      decodeBurst(
        Array.from({ length: 33 }, () => Number.NaN),
        cyclesPerMicrosecond,
      ),
    ).toBeUndefined();
    expect(decodeBurst(burstOf(wordToPositions(1)).toReversed(), cyclesPerMicrosecond)).toBeUndefined();
  });
});
