// The client alone: fetches every file of each table, and says how each begins. node client.mjs PROFILE TABLE...
import { createSharingClient, parseTableName } from '@spillway/client'
import { loadProfile } from '@spillway/client/node'

const [profile, ...tables] = process.argv.slice(2)
const client = createSharingClient(await loadProfile(profile))
const answers = []
for (const table of tables) {
  const answer = await client.query(parseTableName(table))
  const files = []
  for await (const action of answer.actions) {
    const url = urlOf(action)
    if (url === undefined) continue
    const response = await fetch(url)
    const bytes = Buffer.from(await response.arrayBuffer())
    files.push({ status: response.status, magic: bytes.subarray(0, 4).toString('latin1') })
  }
  answers.push(files)
}
console.log(JSON.stringify(answers))

/** Of a file, in either format of answers. */
function urlOf(action) {
  if (action.kind === 'file') return action.file.url
  return action.kind === 'delta' ? action.file.deltaSingleAction.add?.path : undefined
}
