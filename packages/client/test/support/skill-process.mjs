// Installs lake.kb.pdf in a process of its own, which ends as if it were killed before the Nth change of the disk that comes after
// its journal, the journal among them: node skill-process.mjs ENDPOINT TO N. Without one killed it says what it did as JSON.
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const [endpoint, to, last] = process.argv.slice(2)
let count = 0

function ending(call) {
  return (...args) => {
    if (count > 0 || String(args[1]).endsWith('/placing')) count++
    if (count === Number(last)) process.kill(process.pid, 'SIGKILL')
    return call(...args)
  }
}
fs.renameSync = ending(fs.renameSync)
fs.promises.rename = ending(fs.promises.rename)
fs.promises.rm = ending(fs.promises.rm)
syncBuiltinESMExports()

const { createSharingClient } = await import('../../dist/index.js')
const { installSkill } = await import('../../dist/node.js')
const client = createSharingClient({ shareCredentialsVersion: 1, endpoint, bearerToken: 'a-token' })
const { state } = await installSkill({ client, endpoint }, 'lake.kb.pdf', { to })
console.log(JSON.stringify({ state, count }))
