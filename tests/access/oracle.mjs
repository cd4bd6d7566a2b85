// Answers one simulation a line: JSON in on stdin, JSON out on stdout, in the same order.
// The argument is the folder whose node_modules holds the oracle.
import { createRequire } from 'node:module'
import { createInterface } from 'node:readline'

const { runSimulation } = createRequire(`${process.argv[2]}/`)('@cloud-copilot/iam-simulate')

for await (const line of createInterface({ input: process.stdin })) {
  const response = await runSimulation(JSON.parse(line), { simulationMode: 'Strict' })
  const answer =
    response.resultType === 'single' && response.result.ignoredContextKeys.length === 0
      ? { result: response.overallResult }
      : { error: response }
  console.log(JSON.stringify(answer))
}
