// Prints the gate's last line from vitest's JSON reports. Under the gate a skipped test is a failed one, but for those that
// want a real board and say so in their name.
import { readFileSync } from 'node:fs';

const [failedSuites, ...paths] = process.argv.slice(2);
const needsHardware = 'LINKPULSE_BOARD';
let passed = 0;
let failed = Number(failedSuites);
for (const path of paths) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const others = report.testResults
      .flatMap((file) => file.assertionResults)
      .filter(({ status }) => !['passed', 'failed'].includes(status));
    for (const test of others) console.log(`  ${test.status}: ${test.fullName}`);
    const skipped = others.filter(({ fullName }) => !fullName.includes(needsHardware)).length;
    if (skipped > 0) console.log(`${skipped} tests were skipped: a failure here`);
    passed += report.numPassedTests;
    failed += skipped;
    // A suite of tests is counted by its tests, not once more as a suite.
    failed += report.numFailedTests > 0 ? report.numFailedTests - 1 : 0;
  } catch (error) {
    console.log(`no report of the test runner: ${error.message}`);
    failed += 1;
  }
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
