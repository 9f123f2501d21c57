/** How a run ended, to be heard: notes by WebAudio, no files. Browsers allow it after the first key or touch. */
const notes = {
  pass: [
    { hertz: 660, at: 0, seconds: 0.14 },
    { hertz: 990, at: 0.15, seconds: 0.3 },
  ],
  marginal: [
    { hertz: 660, at: 0, seconds: 0.14 },
    { hertz: 990, at: 0.15, seconds: 0.14 },
    { hertz: 660, at: 0.3, seconds: 0.3 },
  ],
  fail: [
    { hertz: 180, at: 0, seconds: 0.3 },
    { hertz: 180, at: 0.38, seconds: 0.3 },
    { hertz: 140, at: 0.76, seconds: 0.5 },
  ],
  bench: [
    { hertz: 440, at: 0, seconds: 0.45 },
    { hertz: 330, at: 0.5, seconds: 0.6 },
  ],
  ask: [
    { hertz: 523, at: 0, seconds: 0.12 },
    { hertz: 523, at: 0.2, seconds: 0.12 },
  ],
  refused: [{ hertz: 220, at: 0, seconds: 0.2 }],
};
const loudness = 0.3;
const edgeSeconds = 0.02;

let context = null;

/** `name`: one of the melodies above. Silent where the browser does not allow sound yet. */
export const play = (name) => {
  if (!navigator.userActivation?.hasBeenActive || typeof AudioContext === 'undefined') return;
  context ??= new AudioContext();
  void context.resume();
  for (const { hertz, at, seconds } of notes[name]) {
    const begin = context.currentTime + at;
    const end = begin + seconds;
    const oscillator = context.createOscillator();
    const gain = context.createGain();
    oscillator.type = name === 'fail' ? 'square' : 'triangle';
    oscillator.frequency.value = hertz;
    gain.gain.setValueAtTime(0, begin);
    gain.gain.linearRampToValueAtTime(loudness, begin + edgeSeconds);
    gain.gain.setValueAtTime(loudness, end - edgeSeconds);
    gain.gain.linearRampToValueAtTime(0, end);
    oscillator.connect(gain).connect(context.destination);
    oscillator.start(begin);
    oscillator.stop(end);
  }
};
