"""What a person sees of a run: the panel, the progress line, the receipt, the memory chart.

All of it reads the run store and nothing else, so that a run of one's own, one started elsewhere and
one of yesterday look the same.
"""
