// A download in a process of its own, to be killed: node download-process.mjs ENDPOINT TO [COUNT [CACHE]]. Says what it did as JSON;
// the file COUNT holds how many bytes it has received, whenever it is killed.
import { openSync, writeSync } from 'node:fs'
import { peakMemory } from '@spillway/testkit/peak-memory'
import { createSharingClient } from '../../dist/index.js'
import { downloadAsset } from '../../dist/node.js'

const [endpoint, to, count, cache] = process.argv.slice(2)
const profile = { shareCredentialsVersion: 1, endpoint, bearerToken: 'a-token' }

function counting(path) {
  const file = openSync(path, 'w')
  let received = 0
  return async (url, init) => {
    const response = await fetch(url, init)
    if (!String(url).includes('/blob/')) return response
    const counter = new TransformStream({
      transform(chunk, controller) {
        received += chunk.length
        writeSync(file, String(received), 0)
        controller.enqueue(chunk)
      },
    })
    const { status, headers } = response
    return new Response(response.body.pipeThrough(counter), { status, headers })
  }
}

try {
  const client = createSharingClient(profile, count === undefined ? {} : { fetch: counting(count) })
  const result = await downloadAsset(client, 'lake.kb.docs', { to, cache })
  console.log(JSON.stringify({ ...result, memory: peakMemory() }))
} catch (error) {
  console.log(JSON.stringify({ code: error.code, message: error.message }))
  process.exitCode = 1
}
