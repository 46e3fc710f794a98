"""The client matrix: what every client reads of every format, or why it is refused. `npm run matrix`."""
