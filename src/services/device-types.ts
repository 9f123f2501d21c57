/** Station device types by model digits, for models that speak SCCP (the number in Register and in XMLDefault's elements). */
const deviceTypes: Readonly<Record<string, number>> = {
  '6901': 547,
  '6911': 548,
  '6921': 495,
  '6941': 496,
  '6945': 564,
  '6961': 497,
  '7902': 30008,
  '7905': 20000,
  '7906': 369,
  '7910': 6,
  '7911': 307,
  '7912': 30007,
  '7920': 30002,
  '7921': 365,
  '7925': 484,
  '7926': 577,
  '7931': 348,
  '7935': 9,
  '7936': 30019,
  '7937': 431,
  '7940': 8,
  '7941': 115,
  '7942': 434,
  '7945': 435,
  '7960': 7,
  '7961': 30018,
  '7962': 404,
  '7965': 436,
  '7970': 30006,
  '7971': 119,
  '7975': 437,
  '7985': 302,
  '8941': 586,
  '8945': 585,
};

/** Gigabit models that share their digits with a plain one. */
const gigabitDeviceTypes: Readonly<Record<string, number>> = { '7941': 309, '7961': 308 };

/** From a model as the label has it (`CP-7960G`, `7961G-GE`, `Cisco IP Phone 7940`); undefined: not a model we know. */
export const deviceTypeOf = (model: string): number | undefined => {
  const digits = /\d{4}/.exec(model)?.[0];
  if (digits === undefined) return undefined;
  return (/GE$/i.test(model) ? gigabitDeviceTypes[digits] : undefined) ?? deviceTypes[digits];
};
