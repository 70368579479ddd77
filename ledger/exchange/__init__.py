"""What crosses the edge: files in (CloudEvents, delimited text, Parquet), rejects, facts out."""
