/** What came of every check, as Markdown: a line a check, over all the tables it was asked of. */
export function reportOf(results, { endpoint, counts }) {
  const checks = new Map()
  for (const result of results) {
    const key = `${result.id}\t${result.title}`
    const check = checks.get(key) ?? { ...result, pass: 0, skip: 0, fail: 0, reasons: new Map() }
    check[result.status]++
    if (result.reason !== undefined) check.reasons.set(result.reason, result.on)
    checks.set(key, check)
  }
  const rows = [...checks.values()]
    .sort((a, b) => numberOf(a.id) - numberOf(b.id))
    .map(({ id, title, pass, skip, fail, reasons }) =>
      [id, cell(title), pass, skip, fail, fail > 0 ? reasonsOf(reasons) : ''].join(' | '),
    )
  return [
    `# Conformance of ${endpoint}`,
    '',
    `${counts.pass} passed, ${counts.skip} skipped, ${counts.fail} failed.`,
    '',
    'number | check | passed | skipped | failed | why',
    '---|---|---|---|---|---',
    ...rows,
    '',
  ].join('\n')
}

/** Those that have none come last. */
const numberOf = id => Number.parseInt(id, 10) || 1000
const cell = text => text.replaceAll('|', '\\|')

function reasonsOf(reasons) {
  const [[reason, on], ...more] = reasons
  const others = more.length === 0 ? '' : `; ${more.length} more`
  return cell(`${on}: ${reason}${others}`.replace(/\s+/g, ' ').slice(0, 300))
}
