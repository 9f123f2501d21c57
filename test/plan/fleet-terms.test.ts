import { describe, expect, it } from 'vitest';
import { parseBenchFile } from '../../src/plan/load-bench-file.js';

const benchOf = (fleet: string) =>
  parseBenchFile(
    [
      'station: bench-1',
      'runs: runs',
      `fleet: { ${fleet} }`,
      'ports:',
      '  jack1: { kind: simulated, phone: { mac: "00:0f:24:5a:79:60", load: P00308010200, model: CP-7960G } }',
      '',
    ].join('\n'),
    '/etc/linkpulse/bench.yaml',
  ).fleet;

describe('the fleet section', () => {
  it('needs a broker and a plant; its files start at the bench file', () => {
    expect(
      benchOf('broker: "mqtts://broker.plant.example:8883", plant: leipzig, ca: ca.pem, password: /run/secret'),
    ).toEqual({
      broker: {
        url: 'mqtts://broker.plant.example:8883',
        username: null,
        passwordPath: '/run/secret',
        caPath: '/etc/linkpulse/ca.pem',
        certPath: null,
        keyPath: null,
      },
      plant: 'leipzig',
      page: null,
      planKeyPath: null,
    });
  });

  it.each([
    ['broker: "http://broker:1883", plant: p', 'fleet.broker: must be a broker such as mqtts://'],
    ['broker: "mqtt://broker:1883/queue", plant: p', 'fleet.broker: must be a broker such as mqtts://'],
    ['broker: "mqtt://broker"', 'fleet.plant'],
    ['broker: "mqtt://broker", plant: "a/b"', 'fleet.plant: must be a name without spaces'],
    ['broker: "mqtt://broker", plant: "+"', 'fleet.plant: must be a name without spaces'],
    ['broker: "mqtt://broker", plant: p, cert: c.pem', 'needs cert and key together'],
    ['broker: "mqtt://broker", plant: p, page: "station7"', 'fleet.page: must be an address such as https://'],
    [
      'broker: "mqtt://broker", plant: p, page: "http://127.0.0.1:84b1/"',
      'fleet.page: must be an address such as https://',
    ],
    ['broker: "mqtt://broker", plant: p, url: x', 'fleet.url: unknown key'],
  ])('{ %s } is refused', (fleet, message) => {
    expect(() => benchOf(fleet)).toThrow(message);
  });
});
