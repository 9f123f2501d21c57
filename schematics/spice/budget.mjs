// The error of a current reading, added up at its worst: every contribution with the same sign, at 0..50 C and 44..57 V.

/**
 * Contributions in mA by name. `calibrated`: gain and offset were fitted at one temperature and one supply voltage, so that
 * tolerances fall out and drift, linearity and the calibrator's own error stay. The bleeder behind the switches draws through the
 * shunt: uncalibrated it is an error whole, calibrated only as far as the supply differs.
 */
export const currentBudget = ({ values, sense }, milliamps, { calibrated }) => {
  const { temperatureC, supplyVolts } = sense;
  const kelvin = Math.max(
    temperatureC.highest - temperatureC.calibrated,
    temperatureC.calibrated - temperatureC.lowest,
  );
  const gain = 1 + values.R_current_gain_top.value / values.R_current_gain.value;
  const milliampsAStep = (values.V_ref.value / sense.adcSteps / gain / values.R_sense.value) * 1e3;
  const bleeder = (volts) => (volts / values.R_bleed.value) * 1e3;
  const amplifierMilliamps = (volts) => (volts / values.R_sense.value) * 1e3;
  const drift = {
    'shunt drift': milliamps * sense.resistorDriftPerKelvin * kelvin,
    'gain drift (two resistors)': milliamps * 2 * sense.resistorDriftPerKelvin * kelvin,
    'reference drift': milliamps * sense.referenceDriftPerKelvin * kelvin,
    'amplifier drift': amplifierMilliamps(sense.amplifierDriftVoltsPerKelvin * kelvin),
    'one conversion': milliampsAStep * sense.adcQuantisationSteps,
  };
  if (calibrated)
    return {
      ...drift,
      linearity: milliampsAStep * sense.adcLinearitySteps,
      calibrator: milliamps * sense.calibratorGain + sense.calibratorMilliamps,
      'bleeder at another supply voltage': Math.max(
        bleeder(supplyVolts.highest) - bleeder(supplyVolts.calibrated),
        bleeder(supplyVolts.calibrated) - bleeder(supplyVolts.lowest),
      ),
    };
  return {
    ...drift,
    'shunt tolerance': milliamps * values.R_sense.tolerance,
    'gain tolerance (two resistors)':
      milliamps * (values.R_current_gain.tolerance + values.R_current_gain_top.tolerance) * (1 - 1 / gain),
    'gain is 5.02, the scale 5': milliamps * (gain / 5 - 1),
    'reference tolerance': milliamps * values.V_ref.tolerance,
    'amplifier offset': amplifierMilliamps(sense.amplifierOffsetVolts),
    ADC: milliampsAStep * sense.adcAbsoluteSteps,
    bleeder: bleeder(supplyVolts.highest),
  };
};

export const total = (budget) => Object.values(budget).reduce((sum, part) => sum + part, 0);
