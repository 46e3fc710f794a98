// SQL over a share: what each statement answers, as JSON. node adapter.mjs PROFILE SQL...
import { DuckDBInstance } from '@duckdb/node-api'
import { attachShare } from '@spillway/duckdb'

const [profile, ...statements] = process.argv.slice(2)
const connection = await (await DuckDBInstance.create()).connect()
const share = await attachShare(connection, profile)
const answers = []
for (const statement of statements) {
  const rows = []
  const result = await share.query(statement)
  for await (const row of result.rows()) rows.push(row)
  answers.push(rows)
}
await share.close()
console.log(JSON.stringify(answers))
