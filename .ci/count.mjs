// Prints the gate's last line from vitest's JSON report; under the gate a skipped test is a failed one.
import { readFileSync } from 'node:fs';

const [path, failedSuites] = process.argv.slice(2);
let passed = 0;
let failed = Number(failedSuites);
try {
  const report = JSON.parse(readFileSync(path, 'utf8'));
  passed = report.numPassedTests;
  const skipped = report.numTotalTests - report.numPassedTests - report.numFailedTests;
  if (skipped > 0) console.log(`${skipped} tests were skipped: a failure here`);
  for (const file of report.testResults)
    for (const test of file.assertionResults)
      if (!['passed', 'failed'].includes(test.status)) console.log(`  ${test.status}: ${test.fullName}`);
  failed += skipped;
  // The suite "tests" is counted by its tests, not once more as a suite.
  failed += report.numFailedTests > 0 ? report.numFailedTests - 1 : 0;
} catch (error) {
  console.log(`no report of the test runner: ${error.message}`);
  failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
