// The SDK for JavaScript v3 at the embedded AWS: who it is, whether EC2 answers, which documents it
// reads. Arguments: the folder whose node_modules holds the SDK, a profile, and what to do.
import { createRequire } from 'node:module'

const [, , folder, profile, task] = process.argv
const require = createRequire(`${folder}/`)
const { fromIni } = require('@aws-sdk/credential-providers')
const { EC2Client, DescribeInstancesCommand } = require('@aws-sdk/client-ec2')
const { IAMClient, ListRolesCommand, GetUserPolicyCommand } = require('@aws-sdk/client-iam')
const { STSClient, GetCallerIdentityCommand } = require('@aws-sdk/client-sts')

const given = { credentials: fromIni({ profile }), profile }
const answer = {}
if (task === 'who') {
  const who = await new STSClient(given).send(new GetCallerIdentityCommand({}))
  answer.arn = who.Arn
  try {
    const { Reservations } = await new EC2Client(given).send(new DescribeInstancesCommand({}))
    answer.ec2 = Reservations.length
  } catch (error) {
    answer.ec2 = error.name
  }
} else {
  const iam = new IAMClient(given)
  const policy = await iam.send(new GetUserPolicyCommand({ UserName: 'alice', PolicyName: 'p' }))
  const { Roles } = await iam.send(new ListRolesCommand({}))
  answer.policy = decodeURIComponent(policy.PolicyDocument)
  answer.trust = decodeURIComponent(Roles[0].AssumeRolePolicyDocument)
}
console.log(JSON.stringify(answer))
