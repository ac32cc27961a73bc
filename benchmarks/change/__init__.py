"""Parts of `benchmarks.live`: what changing the catalogue costs those who search it."""
