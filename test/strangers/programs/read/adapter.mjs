// SQL over a share: what each statement answers, as JSON. node adapter.mjs PROFILE SQL...
import { DuckDBInstance } from '@duckdb/node-api'
import { attachShare } from '@spillway/duckdb'

const [profile, ...statements] = process.argv.slice(2)
const connection = await (await DuckDBInstance.create()).connect()
const share = await attachShare(connection, profile)
const answers = []
for (const statement of statements) {
  const values = []
  const result = await share.query(statement)
  for await (const rows of result.rows()) values.push(...rows)
  answers.push(values)
}
await share.close()
console.log(JSON.stringify(answers))
