// SQL over a share from TypeScript. node typed.js PROFILE SQL...
import { DuckDBInstance } from '@duckdb/node-api'
import { attachShare, type ResultRow } from '@spillway/duckdb'

const [profile = 'partner.share', ...statements] = process.argv.slice(2)
const connection = await (await DuckDBInstance.create()).connect()
await using share = await attachShare(connection, profile)
const answers: ResultRow[][] = []
for (const statement of statements) {
  const rows: ResultRow[] = []
  const result = await share.query(statement)
  for await (const row of result.rows()) rows.push(row)
  answers.push(rows)
}
console.log(JSON.stringify(answers))
