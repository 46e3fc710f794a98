// A sharing server of many tenants, whose list is read again for every question.
//   node examples/dist/tenant-app/main.js tenants.json
import { appendFile, readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { createTenantApp, type Tenant } from './app.js'

const list = resolve(process.argv[2] ?? 'tenants.json')
const port = Number(process.env.PORT ?? 3000)
const endpoint = process.env.ENDPOINT ?? `http://127.0.0.1:${port}/delta-sharing`

const { server, close } = createTenantApp({
  endpoint,
  root: dirname(list),
  tenants: async () => JSON.parse(await readFile(list, 'utf8')) as readonly Tenant[],
  audit: line => appendFile(`${list}.audit.jsonl`, `${line}\n`),
})
server.listen(port, '127.0.0.1', () => console.log(endpoint))
process.once('SIGINT', () => server.close(() => void close()))
