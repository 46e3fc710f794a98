"""delta-kernel-rs by the binding that Delta Sharing's Python client has: its scans give rows, not the files that they read."""

import sys

sys.exit("the Python binding of delta-kernel-rs (delta-kernel-rust-sharing-wrapper) gives rows, and no list of files")
