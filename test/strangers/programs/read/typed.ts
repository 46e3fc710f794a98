// SQL over a share from TypeScript. node typed.js PROFILE SQL...
import { DuckDBInstance } from '@duckdb/node-api'
import { attachShare } from '@spillway/duckdb'

const [profile = 'partner.share', ...statements] = process.argv.slice(2)
const connection = await (await DuckDBInstance.create()).connect()
await using share = await attachShare(connection, profile)
const answers: unknown[][] = []
for (const statement of statements) {
  const values: unknown[] = []
  const result = await share.query(statement)
  for await (const rows of result.rows()) values.push(...rows)
  answers.push(values)
}
console.log(JSON.stringify(answers))
