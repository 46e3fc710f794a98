// Answers the cells of the notebook over a share, and writes them with their charts into one HTML page.
//   node examples/dist/notebook/main.js demo.share report.html
import { writeCityReport } from './city-report.js'

const [profile = 'demo.share', path = 'report.html'] = process.argv.slice(2)

for (const { cell, cost } of await writeCityReport(profile, path)) {
  console.log(cell.title)
  for (const line of cost) console.log(`  ${line}`)
}
console.log(`written: ${path}`)
