"""Fetches all files of a repository with huggingface_hub, from the endpoint in HF_ENDPOINT: hub_snapshot.py REPOSITORY FOLDER."""

import sys

from huggingface_hub import snapshot_download

repository, folder = sys.argv[1:]
snapshot_download(repository, local_dir=folder, max_workers=8, token=False)
