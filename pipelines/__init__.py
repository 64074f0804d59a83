"""Beam pipelines: convert (images to TFRecords), score (archives to Parquet) and their steps."""
