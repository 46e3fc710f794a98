// Plans a query of a local table and signs the files that are left, without a server.
//   node examples/dist/engine-only/main.js /data/orders "day >= DATE '2026-03-07'"
import { resolve } from 'node:path'
import { localEngine, planAndSign, reasonOf } from './plan-and-sign.js'

const [folder = '.', where] = process.argv.slice(2)

async function main(): Promise<void> {
  const root = resolve(folder)
  const { engine } = localEngine(root, 'https://files.example')
  const { version, files } = await planAndSign(engine, `file://${root}`, where)
  let kept = 0
  for await (const { url, bytes } of files) {
    kept++
    // A signed URL is a key: what is shown is where it leads, and what it opens.
    console.log(new URL(url).pathname, bytes)
  }
  console.log(`version ${version}: ${kept} files may hold matching rows`)
}

main().catch((error: unknown) => {
  console.error(reasonOf(error))
  process.exitCode = 1
})
