"""What `make check`, `make test` and `make lock` run."""
