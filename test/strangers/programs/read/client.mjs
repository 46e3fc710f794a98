// The client alone: fetches every file of each table, and says how each begins. node client.mjs PROFILE TABLE...
import { createSharingClient, parseTableName } from '@spillway/client'
import { loadProfile } from '@spillway/client/node'

const [profile, ...tables] = process.argv.slice(2)
const client = createSharingClient(await loadProfile(profile))
const answers = []
for (const table of tables) {
  const answer = await client.query(parseTableName(table))
  const files = []
  for await (const { url } of answer.files()) {
    const response = await fetch(url)
    const bytes = Buffer.from(await response.arrayBuffer())
    files.push({ status: response.status, magic: bytes.subarray(0, 4).toString('latin1') })
  }
  answers.push(files)
}
console.log(JSON.stringify(answers))
