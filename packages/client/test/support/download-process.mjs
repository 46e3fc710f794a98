// A download in a process of its own, to be killed: node download-process.mjs ENDPOINT TO. Says what it did as JSON.
import { createSharingClient } from '../../dist/index.js'
import { downloadAsset } from '../../dist/node.js'

const [endpoint, to] = process.argv.slice(2)
const profile = { shareCredentialsVersion: 1, endpoint, bearerToken: 'a-token' }
try {
  const result = await downloadAsset(createSharingClient(profile), 'lake.kb.docs', { to })
  console.log(JSON.stringify({ ...result, memory: process.resourceUsage().maxRSS }))
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }))
  process.exitCode = 1
}
