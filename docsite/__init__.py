"""Builds the documentation as a site of static files: `python -m docsite`, which `make docs` runs.

The pages are the Markdown files of `docs/` and a few that lie elsewhere; the API reference, the figures and the pages
of linked source files are made at each build. `site.yaml` is the generator's configuration.
"""
