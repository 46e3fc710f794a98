// CommonJS with require, which finds ES modules from Node 20.19 and 22.12 on. node required.cjs CONFIG PORT
const { createServer } = require('node:http')
const { nodeListener } = require('@spillway/server/node')
const { createSharingServer, loadConfig } = require('spillway')

async function main([config, port]) {
  const publicUrl = `http://127.0.0.1:${port}/data`
  const sharing = createSharingServer({ config: await loadConfig(config), publicUrl })
  const server = createServer(nodeListener(sharing))
  server.listen(Number(port), '127.0.0.1', () => console.log('ready'))
  process.once('SIGTERM', () => server.close(() => sharing.close()))
}

main(process.argv.slice(2))
