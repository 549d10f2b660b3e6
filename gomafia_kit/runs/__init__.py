"""The run store `runs.sqlite`: one truth about runs, batches, parts and rejections."""
