// SQL over a share from CommonJS. node required.cjs PROFILE SQL...
const { DuckDBInstance } = require('@duckdb/node-api')
const { attachShare } = require('@spillway/duckdb')

async function main([profile, ...statements]) {
  const connection = await (await DuckDBInstance.create()).connect()
  const share = await attachShare(connection, profile)
  const answers = []
  for (const statement of statements) {
    const result = await share.query(statement)
    answers.push(await result.all())
  }
  await share.close()
  console.log(JSON.stringify(answers))
}

main(process.argv.slice(2))
