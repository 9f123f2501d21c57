// Small circuits that several sheets repeat.

/** A pull-down from a point on a wire to VEE48. */
export const pullDown = (s, [x, y], { part = 'R:10k', fn } = {}) => {
  const r = s.place('R_D', x, y + 5, { part: fn ? undefined : part, fn });
  s.wire([x, y], r.p(1));
  s.power('VEE48', r.p(2));
  return r;
};

/** A capacitor from a point on a wire down to a ground. */
export const toGround = (s, [x, y], options, ground = 'VEE48') => {
  const c = s.place('C_D', x, y + 5, options);
  s.wire([x, y], c.p(1));
  s.power(ground, c.p(2));
  return c;
};

/** A row of decoupling capacitors between a rail and its ground. */
export const decoupling = (s, rail, ground, [x, y], parts) => {
  const last = x + (parts.length - 1) * 10;
  parts.forEach((part, i) => {
    const c = s.place('C_D', x + i * 10, y + 5, { part });
    s.wire([x + i * 10, y], c.p(1));
    s.wire(c.p(2), [x + i * 10, y + 10]);
  });
  s.wire([x - 4, y], [last, y]);
  s.wire([x - 4, y + 10], [last, y + 10]);
  s.power(rail, [x - 4, y]);
  s.power(ground, [x - 4, y + 10]);
};

/** An amplifier as a follower: takes `from` (a point on the left, at its + input's height), gives its output's point. */
export const follower = (s, x, y, part) => {
  const u = s.place('AMP', x, y, { part });
  s.power('+5V', u.p('V+'));
  s.power('VEE48', u.p('V-'));
  s.wire(u.p(1), [x + 8, y], [x + 8, y + 11], [x - 10, y + 11], [x - 10, y + 2], u.p('-'));
  return u;
};

/** A low-side switch for a coil: gate wire from the left at `from`, drain at `drain`; returns the transistor. */
export const lowSide = (s, x, y) => {
  const q = s.place('NMOS', x, y, { part: 'BSS138' });
  s.power('VEE48', q.p('S'));
  return q;
};
