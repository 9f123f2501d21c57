/**
 * Which GPIO chip is the Pi's 40-pin header. Numbers of chips and of the system's lines change from kernel to kernel (BCM 17 is
 * sysfs line 17, 471 or 529); the label does not.
 */

/** The first that is there wins: a Pi 5 has RP1 on the header and a chip of the BCM2712 that is not. */
const headerLabels = [
  /** Pi 5. */
  'pinctrl-rp1',
  /** Pi 4. */
  'pinctrl-bcm2711',
  /** Pi 1 to 3 and Zero, all of them. */
  'pinctrl-bcm2835',
  /** Kernels before 4.x named the chip in their own ways. */
  'pinctrl-bcm2837',
  'pinctrl-bcm2836',
  'pinctrl-bcm2708',
  'bcm2708_gpio',
] as const;

export const headerChip = <Chip extends { readonly label: string }>(chips: readonly Chip[]): Chip | undefined => {
  for (const label of headerLabels) {
    const found = chips.find((chip) => chip.label === label);
    if (found !== undefined) return found;
  }
  return undefined;
};

/** For the error of a machine that has chips, but no header. */
export const labelsOf = (chips: readonly { readonly label: string }[]): string =>
  chips.length === 0 ? 'none' : chips.map(({ label }) => label).join(', ');

/** What an open line reads as after the Pi's reset (BCM2835 ARM Peripherals, 6.2, "Pull"): the pulls of later chips agree. */
export const resetBias = (line: number): 'pull-up' | 'pull-down' => (line <= 8 ? 'pull-up' : 'pull-down');
