// The order in which pages are offered.
import { publishedPackages } from './pages.mjs'

const page = (text, link) => ({ text, link: `/${link}` })

/** Groups of pages, in the order in which somebody new needs them. */
export function sidebar() {
  return [
    {
      text: 'Share tables',
      items: [
        page('Install', 'start/install'),
        page('From a disk', 'start/provider-on-disk'),
        page('From S3', 'start/provider-on-s3'),
        page('From your program', 'start/provider-embedded'),
        page('Files, models and skills', 'start/provider-files'),
        page('A model, signed', 'start/share-a-model'),
        page('Skills for agents', 'start/provider-skills'),
      ],
    },
    {
      text: 'Read tables',
      items: [
        page('Python', 'start/recipient-python'),
        page('Spark', 'start/recipient-spark'),
        page('DuckDB', 'start/recipient-duckdb'),
        page('TypeScript', 'start/recipient-typescript'),
        page('Power BI', 'start/recipient-power-bi'),
        page('Agent skills', 'start/recipient-skills'),
      ],
    },
    {
      text: 'Understand',
      items: [
        page('Exact rows', 'explain/exact-rows'),
        page('Pruning', 'explain/pruning'),
        page('What each client reads', 'clients'),
        page('What is refused', 'refused'),
        page('Security', 'security'),
      ],
    },
    {
      text: 'Operate',
      items: [
        page('Running a server', 'operate/running'),
        page('Deploying', 'operate/deploying'),
        page('Mounting, proxies, TLS', 'embedding'),
        page('Troubleshooting', 'operate/troubleshooting'),
        page('Upgrading', 'operate/upgrading'),
      ],
    },
    {
      text: 'Reference',
      items: [
        page('Configuration', 'reference/configuration'),
        page('The command', 'cli'),
        page('The command, by option', 'reference/command'),
        page('HTTP', 'reference/http'),
        { text: 'Packages', collapsed: true, items: packageItems() },
      ],
    },
    {
      text: 'How it is built',
      collapsed: true,
      items: [
        page('Architecture', 'architecture'),
        page('A tour of one query', 'tour'),
        page('Decisions', 'decisions/'),
        page('Performance', 'performance'),
        page('Measured', 'measured'),
        page('Versions', 'versions'),
        page('Examples', 'examples/'),
        page('Contributing', 'contributing'),
      ],
    },
  ]
}

function packageItems() {
  return publishedPackages().map(({ name, title }) => ({
    text: title,
    link: `/packages/${name}/`,
    items: [page('Names and types', `packages/${name}/api`)],
  }))
}
