import type { Command } from 'commander'

/** What `--help` of each command shows: whole lines that work, the plainest first. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  demo: ['spillway demo', 'spillway demo --once'],
  ls: ['spillway ls partner.share', 'spillway ls partner.share#lake --json'],
  describe: [
    'spillway describe partner.share#lake.sales.orders',
    'spillway describe partner.share#lake.sales.orders --version 3',
  ],
  download: [
    'spillway download partner.share#lake.kb.churn@3 --to churn',
    "spillway download partner.share#lake.kb.docs --to docs --include '*.md' --dry-run",
    'spillway download partner.share#lake.kb.churn --to churn --cache ~/.cache/spillway',
  ],
  verify: ['spillway verify churn'],
  'cache ls': ['spillway cache ls --cache ~/.cache/spillway'],
  'cache verify': ['spillway cache verify'],
  'cache prune': [
    'spillway cache prune --older-than 30d --dry-run',
    'spillway cache prune --max-size 50GB',
  ],
  'skills list': ['spillway skills list partner.share', 'spillway skills list'],
  'skills install': [
    'spillway skills install partner.share#lake.kb.pdf-forms',
    'spillway skills install --profile partner.share',
  ],
  'skills update': ['spillway skills update --profile partner.share --dry-run'],
  'skills remove': ['spillway skills remove pdf-forms'],
  mcp: ['spillway mcp partner.share'],
  query: [
    'spillway query partner.share "SELECT count(*) FROM lake.sales.orders"',
    "spillway query partner.share 'FROM lake.sales.orders WHERE day = $day' --param day=2026-03-07",
    'spillway query partner.share \'FROM "order".sales.orders\'   # a name that is a word of SQL, or has a dash, in quotes',
    'spillway query /data/orders --where "amount > 100" --limit 5',
    'spillway query partner.share#lake.sales.orders --where "amount > 100" --mode csv --limit all',
  ],
  export: [
    'spillway export partner.share lake.sales.orders --to orders.parquet',
    'spillway export partner.share "FROM lake.sales.orders WHERE amount > 100" --to large.csv --force',
  ],
  shell: ['spillway shell partner.share', 'spillway shell partner.share < report.sql > report.csv'],
  inspect: ['spillway inspect /data/orders', 'spillway inspect s3://acme/orders --files --json'],
  plan: ['spillway plan /data/orders --where "day >= \'2026-01-01\'" --explain'],
  batch: ['spillway batch < requests.jsonl > answers.jsonl'],
  init: ['spillway init', 'spillway init --config /etc/spillway/spillway.yaml'],
  serve: ['spillway serve', 'spillway serve --config /etc/spillway/spillway.yaml --json'],
  doctor: ['spillway doctor', 'spillway doctor --config spillway.yaml'],
  revoke: [
    'spillway revoke --recipient partner --dry-run',
    'spillway revoke --table lake.sales.orders',
    'spillway revoke --model lake.kb.churn',
  ],
  'share add': [
    'spillway share add /data/orders --name lake.sales.orders',
    'spillway share add s3://acme/visits --name lake.web.visits --history --recipient partner',
    'spillway share add /data/handbook --kind volume --name lake.kb.handbook',
    'spillway share add /data/models/churn/3 --kind model --name lake.kb.churn --alias champion',
    'spillway share add --kind model --registry ml --registered-name prod.churn --name lake.kb.churn',
    'spillway share add /data/skills/pdf-forms --kind skill --name lake.agents.pdf-forms',
    'spillway share add /data/team-skills --kind skill-folder --name lake.agents',
    'spillway share add --name lake',
  ],
  'share list': ['spillway share list', 'spillway share list --json'],
  'share remove': [
    'spillway share remove lake.sales.orders',
    'spillway share remove lake.kb.churn@2',
    'spillway share remove lake.agents --kind skill-folder',
    'spillway share remove lake --dry-run',
  ],
  'recipient add': ['spillway recipient add partner --share lake'],
  'recipient list': ['spillway recipient list --json'],
  'recipient remove': ['spillway recipient remove partner'],
  'grant add': ['spillway grant add partner lake sea', "spillway grant add auditor '*'"],
  'grant list': ['spillway grant list', 'spillway grant list partner'],
  'grant remove': ['spillway grant remove partner sea'],
  'token add': [
    'spillway token add partner --share lake',
    'spillway token add partner --label laptop --expires 90d --out laptop.share',
  ],
  'token list': ['spillway token list', 'spillway token list partner --json'],
  'token revoke': [
    'spillway token revoke partner laptop',
    'spillway token revoke partner 3f9ac1d2',
    'spillway token revoke partner --all',
  ],
  'token rotate': [
    'spillway token rotate partner',
    'spillway token rotate partner laptop --grace 2d --expires 90d',
  ],
  'config check': ['spillway config check', 'spillway config check --config new.yaml --json'],
  'config schema': ['spillway config schema > spillway.schema.json'],
}

/** Adds its examples to the help of every command below `parent`. */
export function addExamples(parent: Command, path: readonly string[] = []): void {
  for (const command of parent.commands) {
    const name = [...path, command.name()]
    const examples = EXAMPLES[name.join(' ')]
    if (examples !== undefined) {
      command.addHelpText('after', `\nExamples:\n${examples.map(each => `  ${each}`).join('\n')}`)
    }
    addExamples(command, name)
  }
}
